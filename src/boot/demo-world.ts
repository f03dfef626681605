import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Persona } from '../http/graphiql.ts'
import type { Database } from '../store/database.ts'
import { markDemoWorld, readDatabaseContent, readDemoWorldMarker } from '../store/demo-world.ts'
import { importDirectory, type ImportReport } from '../store/import/import-directory.ts'
import { runTimedStep, say } from './progress.ts'
import { runPython } from './run-python.ts'

const SEED = 7
/** A gap younger than this is not worth a generator run. */
const GAP_MS_MIN = 10 * 60_000
const GAP_MS_MAX = 48 * 3_600_000

export interface DemoWorldOptions {
  readonly database: Database
  readonly dataDirectory: string
  readonly python: string
  /** Root of the repository. */
  readonly root: string
  readonly nowMs: () => number
  /** Aborts a generator run when the gateway ends. */
  readonly signal: AbortSignal
}

async function generate(options: DemoWorldOptions, out: string, args: string[]): Promise<void> {
  await mkdir(out, { recursive: true })
  await runPython({
    python: options.python,
    root: options.root,
    args: ['-m', 'phoenix.data.demo_world', '--out', out, '--seed', String(SEED), ...args],
    say: (line) => say(`  demo world: ${line.replace(/^progress /, '')}`),
    signal: options.signal,
  })
}

async function importWorld(options: DemoWorldOptions, directory: string): Promise<ImportReport> {
  let lastKind = ''
  return importDirectory({
    database: options.database,
    directory,
    nowMs: options.nowMs(),
    onProgress: ({ kind, bytes, bytesTotal }) => {
      if (kind === lastKind) return
      lastKind = kind
      say(`  import: ${kind}, ${Math.floor((100 * bytes) / bytesTotal)} % done`)
    },
  })
}

/**
 * Fills an empty database with the demo world; one that a stopped start left half full is filled
 * on from there. Somebody else's data is never touched. Answers whether the demo world is there.
 */
export async function ensureDemoWorld(options: DemoWorldOptions): Promise<boolean> {
  const { database, dataDirectory } = options
  const content = await readDatabaseContent(database)
  if (content === 'somebody-else') return false
  const marker = await readDemoWorldMarker(database)
  if (marker !== null && marker.importedAtMs !== null) return true
  const generatedAtMs = marker?.generatedAtMs ?? options.nowMs()
  const begun = { seed: SEED, scale: 1, generatedAtMs, importedAtMs: null }
  await markDemoWorld(database, begun)
  const directory = join(dataDirectory, 'world')
  say('Demo world: 3,000 people and their posts of 7 days are made here, about 25 MB')
  await runTimedStep('Demo world: generated', () =>
    generate(options, directory, ['--now', String(generatedAtMs)]),
  )
  await runTimedStep('Demo world: imported', () => importWorld(options, directory))
  await markDemoWorld(database, { ...begun, importedAtMs: options.nowMs() })
  return true
}

/**
 * Lets the demo world catch up with the clock: posts and engagements since it was last made, at
 * most 48 hours of them. Answers how many hours it added.
 */
export async function topUpDemoWorld(options: DemoWorldOptions): Promise<number> {
  const { database, dataDirectory } = options
  const marker = await readDemoWorldMarker(database)
  if (marker === null || marker.importedAtMs === null) return 0
  const untilMs = options.nowMs()
  const fromMs = Math.max(marker.generatedAtMs, untilMs - GAP_MS_MAX)
  if (untilMs - fromMs < GAP_MS_MIN) return 0
  const directory = join(dataDirectory, 'world-gap')
  await rm(directory, { recursive: true, force: true })
  const span = ['--posts-from', String(fromMs), '--posts-until', String(untilMs)]
  await generate(options, directory, ['--now', String(untilMs), ...span])
  await importWorld(options, directory)
  await markDemoWorld(database, { ...marker, generatedAtMs: untilMs })
  await rm(directory, { recursive: true, force: true })
  return (untilMs - fromMs) / 3_600_000
}

/** As the generator writes them. */
interface PersonaRow {
  readonly userId: string
  readonly handle: string
  readonly displayName: string
  readonly sees: string
}

const PERSONAS_CODE =
  'import sys, pathlib; from phoenix.data.write_import import write_personas; ' +
  'write_personas(pathlib.Path(sys.argv[1]))'

/** The personas, in the order in which they are shown. */
export async function loadPersonas(options: DemoWorldOptions): Promise<readonly Persona[]> {
  const directory = join(options.dataDirectory, 'world')
  const path = join(directory, 'personas.json')
  const read = () => readFile(path, 'utf8')
  const text = await read().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    // Another machine's data directory filled this database.
    await mkdir(directory, { recursive: true })
    const { python, root, signal } = options
    await runPython({ python, root, args: ['-c', PERSONAS_CODE, directory], say, signal })
    return read()
  })
  const rows = JSON.parse(text) as readonly PersonaRow[]
  return rows.map(({ userId, handle, displayName, sees }) => ({
    userId,
    handle,
    name: displayName,
    sentence: sees,
  }))
}
