import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const LINES_MAX = 300
const FUNCTION_LINES_MAX = 70
const COLUMNS_MAX = 100
/** Prettier keeps an import of one name on one line, however long its path. */
const LONG_IMPORT = /^import (type )?\{ \w+ \} from '/

const SKIPPED_FOLDERS = new Set(['node_modules', 'gen', '__pycache__', 'golden', 'checkpoints'])

function filesBelow(folder: string, extension: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      return SKIPPED_FOLDERS.has(entry.name) || entry.name.startsWith('.')
        ? []
        : filesBelow(path, extension)
    }
    return extension.test(entry.name) ? [path] : []
  })
}

const TYPESCRIPT = [
  ...filesBelow('src', /\.ts$/),
  ...filesBelow('test', /\.ts$/),
  ...filesBelow('scripts', /\.(ts|mjs)$/),
  ...filesBelow('tools', /\.ts$/),
]
const PYTHON = filesBelow('python', /\.py$/)
const SOURCES = TYPESCRIPT.filter((path) => path.startsWith('src/'))
const TEXTS = new Map(
  [...TYPESCRIPT, ...PYTHON].map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
)

function textOf(path: string): string {
  const text = TEXTS.get(path)
  if (text === undefined) throw new Error(`not read: ${path}`)
  return text
}

function isParams(path: string): boolean {
  return /[.-]params\.ts$/.test(path)
}

/** Files where `pattern` occurs, allowed ones left out, as `path:line`. */
function occurrences(paths: readonly string[], pattern: RegExp, allowed: readonly string[]) {
  return paths
    .filter((path) => !allowed.includes(path))
    .flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, index) =>
          pattern.test(line.replace(/\/\/.*$|^\s*\*.*$/, '')) ? [`${path}:${index + 1}`] : [],
        ),
    )
}

function longPythonFunctions(path: string): string[] {
  const lines = textOf(path).split('\n')
  return lines.flatMap((line, start) => {
    const match = /^(\s*)(?:async )?def (\w+)/.exec(line)
    if (match === null) return []
    const indent = match[1]?.length ?? 0
    let last = start
    for (let at = start + 1; at < lines.length; at += 1) {
      const text = lines[at] ?? ''
      if (text.trim() === '') continue
      const depth = text.length - text.trimStart().length
      if (depth < indent || (depth === indent && !/^\s*\)/.test(text))) break
      last = at
    }
    const length = last - start + 1
    return length > FUNCTION_LINES_MAX ? [`${path}:${start + 1} ${match[2]} (${length})`] : []
  })
}

describe('tidy', () => {
  it(`keeps files at ${LINES_MAX} lines at most`, () => {
    const long = [...TEXTS]
      .filter(([path]) => !isParams(path))
      .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > LINES_MAX)
    expect(long).toEqual([])
  })

  it(`keeps lines at ${COLUMNS_MAX} columns at most`, () => {
    const wide = [...TEXTS].flatMap(([path, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          [...line].length > COLUMNS_MAX && !LONG_IMPORT.test(line) ? [`${path}:${index + 1}`] : [],
        ),
    )
    expect(wide).toEqual([])
  })

  // The linter holds the same of TypeScript, with its parser.
  it(`keeps Python functions at ${FUNCTION_LINES_MAX} lines at most`, () => {
    expect(PYTHON.flatMap(longPythonFunctions)).toEqual([])
  })

  it('has no default export but in tool configuration', () => {
    expect(occurrences(TYPESCRIPT, /^export default\b/, [])).toEqual([])
  })

  it('reads the environment in config.ts alone', () => {
    expect(occurrences(SOURCES, /\bprocess\.env\b/, ['src/config.ts'])).toEqual([])
  })

  it('reads the clock in main.ts, clock.ts and context.ts alone', () => {
    const allowed = ['src/main.ts', 'src/clock.ts', 'src/context.ts']
    expect(occurrences(SOURCES, /\bDate\.now\b|\bnew Date\(\)/, allowed)).toEqual([])
  })

  it('writes to the console in main.ts and telemetry.ts alone', () => {
    const allowed = ['src/main.ts', 'src/telemetry.ts']
    expect(occurrences(SOURCES, /\bconsole\./, allowed)).toEqual([])
  })

  it('holds no barrel, no utils and no unfinished marks', () => {
    const names = [...TYPESCRIPT, ...PYTHON].filter((path) =>
      /(^|\/)(index|utils?)\.\w+$/.test(path),
    )
    expect(names).toEqual([])
    const marks = new RegExp(
      `\\b(${['FIX', 'TO'].map((x) => x + (x === 'TO' ? 'DO' : 'ME')).join('|')})\\b`,
    )
    const marked = [...TEXTS].filter(([, text]) => marks.test(text)).map(([path]) => path)
    expect(marked).toEqual([])
  })

  it('has a test for every component', () => {
    const components = SOURCES.filter((path) =>
      /\.(query-hydrator|source|hydrator|filter|scorer|selector|side-effect)\.ts$/.test(path),
    )
    const tests = new Set(TYPESCRIPT.filter((path) => path.startsWith('test/')))
    const untested = components.filter(
      (path) => !tests.has(path.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts')),
    )
    expect(components.length).toBeGreaterThan(20)
    expect(untested).toEqual([])
  })

  it('imports every source file from somewhere', () => {
    const roots = new Set(['src/main.ts'])
    const imported = new Set<string>()
    for (const path of TYPESCRIPT) {
      for (const match of textOf(path).matchAll(/(?:from|import|URL)\s*\(?\s*'(\.[^']+)'/g)) {
        imported.add(relative(ROOT, join(ROOT, path, '..', match[1] ?? '')))
      }
    }
    const dead = SOURCES.filter((path) => !imported.has(path) && !roots.has(path))
    expect(dead).toEqual([])
  })
})
