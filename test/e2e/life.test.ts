import { spawn, type ChildProcess } from 'node:child_process'
import { readFile, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { copyDemoWorld, pythonPath, type RuntimeFile } from '../world.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const START_MS_MAX = 120_000

/** What `npm start` runs. */
interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<number | null>
  output(): string
}

let directory: string
const started: ChildProcess[] = []

beforeAll(async () => {
  directory = await copyDemoWorld()
  // The environment that the tests run in, found where `npm start` would have made it.
  await symlink(dirname(dirname(pythonPath())), join(directory, 'python'))
}, 300_000)

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

function start(environment: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOMEFEED_DATA_DIR: directory,
      PORT: '0',
      HOMEFEED_RETRIEVAL_PORT: '0',
      HOMEFEED_RANKING_PORT: '0',
      ...environment,
    },
  })
  started.push(child)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { process: child, ended, output: () => output }
}

async function startReady(environment: Readonly<Record<string, string>> = {}) {
  await rm(join(directory, 'runtime.json'), { force: true })
  const gateway = start(environment)
  const readRuntime = async () => {
    if (gateway.process.exitCode !== null) throw new Error(gateway.output())
    const text = await readFile(join(directory, 'runtime.json'), 'utf8').catch(() => null)
    return text === null ? null : (JSON.parse(text) as RuntimeFile)
  }
  const what = { what: 'the gateway to be ready', timeoutMs: START_MS_MAX }
  const { url, processId, processIds } = await waitFor(readRuntime, what)
  return { ...gateway, url, all: [processId, processIds.retrieval, processIds.ranking] }
}

function isAlive(processId: number | null): boolean {
  if (processId === null) return false
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

function allGone(processIds: readonly (number | null)[]) {
  const gone = () => !processIds.some(isAlive)
  return waitFor(gone, { what: 'every process to end', timeoutMs: 5_000 })
}

it('refuses a second start beside it, leaves no orphan when killed, and starts again', async () => {
  const first = await startReady()
  expect(first.all.every(isAlive)).toBe(true)
  const { port } = new URL(first.url)
  const onePort = start({ PORT: port })
  expect(await onePort.ended).toBe(1)
  expect(onePort.output()).toMatch(new RegExp(`${port} is in use.*PORT`))
  const oneDirectory = start()
  expect(await oneDirectory.ended).toBe(1)
  expect(oneDirectory.output()).toMatch(/is held by process \d+.*HOMEFEED_DATA_DIR/)
  for (const refused of [onePort, oneDirectory]) expect(refused.output()).not.toMatch(/\n\s+at /)

  first.process.kill('SIGKILL')
  await allGone(first.all)

  const second = await startReady()
  second.process.kill('SIGTERM')
  expect(await second.ended).toBe(0)
  await allGone(second.all)
}, 300_000)

it('says in a sentence that a database cannot be reached', async () => {
  const refused = start({ DATABASE_URL: 'postgres://app@127.0.0.1:1/nowhere' })
  expect(await refused.ended).toBe(1)
  expect(refused.output()).toMatch(/127\.0\.0\.1:1.*cannot be reached.*DATABASE_URL/)
  expect(refused.output()).not.toMatch(/\n\s+at /)
})
