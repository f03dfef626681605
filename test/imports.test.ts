import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Upper floors first. A file imports from its own floor's folder and from lower floors only. */
const FLOORS: readonly (readonly string[])[] = [
  ['main', 'boot'],
  ['server', 'http'],
  ['resolvers'],
  ['context'],
  ['sessions'],
  ['experiments'],
  ['pipeline'],
  ['thunder', 'store', 'phoenix'],
  ['events'],
  ['config'],
  ['gen', 'ids', 'errors', 'telemetry', 'clock'],
]

/** Neighbours on one floor that may see each other's interfaces, one way. */
const NEIGHBOURS = new Set([
  'main>boot',
  'server>http',
  'store>phoenix',
  'telemetry>errors',
  'telemetry>clock',
])

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sourceFiles(path) : path.endsWith('.ts') ? [path] : []
  })
}

function unitOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? ''
}

function floorOf(unit: string): number {
  return FLOORS.findIndex((floor) => floor.includes(unit))
}

interface Import {
  readonly from: string
  readonly to: string
}

function importsOf(path: string): Import[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => ({
    from: path,
    to: relative(ROOT, join(ROOT, path, '..', match[1] ?? '')),
  }))
}

const IMPORTS = sourceFiles('src').flatMap(importsOf)

it('knows the floor of every file', () => {
  const unknown = sourceFiles('src').filter((path) => floorOf(unitOf(path)) === -1)
  expect(unknown).toEqual([])
})

it('imports go down the floors', () => {
  const wrong = IMPORTS.filter(({ from, to }) => {
    const [upper, lower] = [unitOf(from), unitOf(to)]
    if (upper === lower) return false
    const distance = floorOf(lower) - floorOf(upper)
    return distance < 0 || (distance === 0 && !NEIGHBOURS.has(`${upper}>${lower}`))
  })
  expect(wrong).toEqual([])
})

it('the framework imports nothing of the project', () => {
  const inside = 'src/pipeline/framework/'
  const wrong = IMPORTS.filter(({ from, to }) => from.startsWith(inside) && !to.startsWith(inside))
  expect(wrong).toEqual([])
})

it('components import no concrete client', () => {
  const concrete = /\/(grpc-[\w-]+|post-store|database|create-\w+|pglite[\w-]*)\.ts$/
  const wrong = IMPORTS.filter(
    ({ from, to }) => from.startsWith('src/pipeline/') && concrete.test(to),
  )
  expect(wrong).toEqual([])
})
