import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'homefeed-environment-'))
  mkdirSync(join(directory, 'bin'))
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** A program on the PATH of the command under test. */
function addProgram(name: string, script: string): void {
  const path = join(directory, 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

/** Runs code that needs the project's Python, on a machine with our programs alone. */
async function failureOf(code: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { PATH: join(directory, 'bin'), HOMEFEED_DATA_DIR: join(directory, 'data') }
  const ran = run(process.execPath, ['-e', code], { cwd: ROOT, env: { ...env, ...environment } })
  const failure: unknown = await ran.then(
    () => null,
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({ code: 1, stdout: '' })
  return (failure as { stderr: string }).stderr
}

const PYTHON = "import('./scripts/python.mjs')"
const START = "import('./scripts/start.mjs')"

function pretend(property: 'platform' | 'version', value: string): string {
  const target = property === 'version' ? 'process.versions' : 'process'
  const key = property === 'version' ? 'node' : property
  return `Object.defineProperty(${target}, '${key}', { value: '${value}' });`
}

describe('a machine that lacks something gets one sentence with the remedy', () => {
  it.each([
    ['no Python', () => undefined, /needed, but there is none on the PATH: install it, .*apt-get/],
    ['an old Python', () => addProgram('python3', 'echo 3.9.2'), /but python3 is 3\.9\.2: install/],
    [
      'a Python that is too new',
      () => addProgram('python3', 'echo 3.99.0'),
      /Python 3\.11 to 3\.\d+ is needed, but python3 is 3\.99\.0/,
    ],
    [
      'no venv module',
      () => addProgram('python3.11', 'case "$2" in *venv*) exit 1;; esac; echo 3.11.2'),
      /lacks its venv module: install it, for example with `apt-get install python3\.11-venv`/,
    ],
  ])('%s', async (_what, prepare, sentence) => {
    prepare()
    const message = await failureOf(PYTHON)
    expect(message).toMatch(sentence)
    expect(message.trim().split('\n')).toHaveLength(1)
    expect(readdirSync(directory)).not.toContain('python')
  })

  it.each([
    ['an old Node', `${pretend('version', '18.20.0')} ${START}`, /Node 18\.20\.0 is too old/],
    ['Windows', `${pretend('platform', 'win32')} ${START}`, /Windows is not supported: .*WSL 2/],
    [
      'an old Node elsewhere',
      `${pretend('platform', 'darwin')} ${pretend('version', '20.20.0')} ${START}`,
      /Node 20\.20\.0 is too old on darwin/,
    ],
  ])('%s', async (_what, code, sentence) => {
    const message = await failureOf(code)
    expect(message).toMatch(sentence)
    expect(message.trim().split('\n')).toHaveLength(1)
  })

  it('a data directory that cannot be made', async () => {
    addProgram('python3.11', 'echo 3.11.2')
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const message = await failureOf(PYTHON, { HOMEFEED_DATA_DIR: join(file, 'data') })
    expect(message).toMatch(/cannot be made \(ENOTDIR\): set HOMEFEED_DATA_DIR/)
  })
})
