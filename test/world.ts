import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DirectoryInUseError, lockDirectory } from '../src/store/directory-lock.ts'
import { waitFor } from './wait-for.ts'

const ROOT = join(import.meta.dirname, '..')
/** A first start, with JAX compiling on two busy cores. */
const START_MS_MAX = 240_000

/** What a running gateway writes into its data directory. */
export interface RuntimeFile {
  readonly url: string
  /** Of the gateway itself. */
  readonly processId: number
  readonly processIds: { readonly retrieval: number | null; readonly ranking: number | null }
}

export interface GatewayProcess {
  readonly url: string
  readonly dataDirectory: string
  readonly process: ChildProcess
  /** Everything it printed so far. */
  output(): string
  /** As the gateway has them now: a restarted service has a new one. */
  processIds(): Promise<RuntimeFile['processIds']>
  /** Asks as a viewer; answers the parsed body, whatever its errors. */
  query(text: string, options?: QueryOptions): Promise<GraphqlAnswer>
  stop(): Promise<void>
}

export interface QueryOptions {
  readonly viewerId?: string
  readonly roles?: string
  readonly variables?: Readonly<Record<string, unknown>>
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests read whatever they selected.
export type Selected = any

export interface GraphqlAnswer {
  readonly data: Selected
  readonly errors?: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions: { readonly code: string; readonly field?: string }
  }[]
}

/** The personas of the demo world. */
export const PERSONAS = {
  ada: '101',
  bruno: '102',
  chiyo: '103',
  dora: '104',
  emil: '105',
  fatima: '106',
  gus: '107',
  hana: '108',
} as const

/** The interpreter that the tests use. */
export function pythonPath(): string {
  return process.env['HOMEFEED_PYTHON'] ?? join(ROOT, '.homefeed', 'python', 'bin', 'python')
}

/** Starts the real gateway with its real services on free ports, and waits until it is ready. */
export async function startGateway(
  dataDirectory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  await rm(join(dataDirectory, 'runtime.json'), { force: true })
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOMEFEED_PYTHON: pythonPath(),
      HOMEFEED_DATA_DIR: dataDirectory,
      PORT: '0',
      HOMEFEED_RETRIEVAL_PORT: '0',
      HOMEFEED_RANKING_PORT: '0',
      ...environment,
    },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const readRuntime = async (): Promise<RuntimeFile> =>
    JSON.parse(await readFile(join(dataDirectory, 'runtime.json'), 'utf8')) as RuntimeFile
  const runtime = await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended:\n${output}`)
      return readRuntime().catch(() => null)
    },
    { what: 'the gateway to be ready', timeoutMs: START_MS_MAX },
  ).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`${String(error)}\n${output}`)
  })
  return {
    url: runtime.url,
    dataDirectory,
    process: child,
    output: () => output,
    processIds: async () => (await readRuntime()).processIds,
    query: (text, options) => ask(runtime.url, text, options),
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function ask(url: string, query: string, options: QueryOptions = {}): Promise<GraphqlAnswer> {
  const { viewerId = PERSONAS.ada, roles, variables } = options
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-viewer-id': viewerId,
      ...(roles === undefined ? {} : { 'x-viewer-roles': roles }),
    },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as GraphqlAnswer
}

const TEMPLATE = join(tmpdir(), `homefeed-test-world-${process.env['HOMEFEED_TEST_RUN'] ?? 'dev'}`)

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Null while another test makes the world. A killed one's claim is taken over. */
function claimTemplate(): (() => void) | null {
  try {
    return lockDirectory(`${TEMPLATE}.claim`)
  } catch (error) {
    if (error instanceof DirectoryInUseError) return null
    throw error
  }
}

/** The first caller of a test run makes the world, as long as a first start takes; others wait. */
async function ensureTemplate(): Promise<void> {
  await waitFor(
    async () => {
      if (await exists(TEMPLATE)) return true
      const release = claimTemplate()
      if (release === null) return false
      try {
        if (!(await exists(TEMPLATE))) await makeTemplate()
      } finally {
        release()
      }
      return true
    },
    { what: 'the demo world', timeoutMs: START_MS_MAX, everyMs: 200 },
  )
}

async function makeTemplate(): Promise<void> {
  const unfinished = await mkdtemp(join(tmpdir(), 'homefeed-making-world-'))
  try {
    const gateway = await startGateway(unfinished)
    await gateway.stop()
    await rename(unfinished, TEMPLATE)
  } finally {
    // Gone already where it became the template.
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** A data directory of the caller's own with the demo world in it. */
export async function copyDemoWorld(): Promise<string> {
  await ensureTemplate()
  const copy = await mkdtemp(join(tmpdir(), 'homefeed-world-'))
  await cp(TEMPLATE, copy, { recursive: true })
  return copy
}

/** Starts a gateway on a copy of the demo world; `stop` removes the copy too. */
export async function startDemoGateway(
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const directory = await copyDemoWorld()
  const gateway = await startGateway(directory, environment)
  return {
    ...gateway,
    stop: async () => {
      await gateway.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
