/**
 * The gateway's process: reads the settings, starts every part in order, ends them in reverse.
 * `npm start` runs it with a pipe as standard input; when that closes, it ends.
 */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBanner } from './boot/banner.ts'
import { checkDatabase } from './boot/check-database.ts'
import { checkPort } from './boot/check-port.ts'
import { loadCursorKeys } from './boot/cursor-keys.ts'
import { ensureDemoWorld, loadPersonas, topUpDemoWorld } from './boot/demo-world.ts'
import { keepRequestsYoung } from './boot/keep-requests-young.ts'
import { loadExperiments } from './boot/load-experiments.ts'
import { startGateway } from './boot/gateway.ts'
import { loadPrompts } from './boot/load-prompts.ts'
import { loadAuthorLists } from './boot/load-author-lists.ts'
import { startPhoenixServices } from './boot/phoenix-services.ts'
import { runTimedStep, say, StartError } from './boot/progress.ts'
import { systemNowMs as nowMs } from './clock.ts'
import { ConfigError, readProcessConfig, type Config } from './config.ts'
import { createDatabase } from './store/database.ts'
import { DirectoryInUseError } from './store/directory-lock.ts'
import { migrate } from './store/migrate.ts'
import { createLogger, describeError } from './telemetry.ts'

const ROOT = join(import.meta.dirname, '..')
const DEMO_CHECKPOINT = join(ROOT, 'python', 'checkpoints', 'demo')
/** Everything must have ended by then; the rest is cut off. */
const SHUTDOWN_MS = 4_000
const RUNTIME_INTERVAL_MS = 500

type Closer = () => Promise<void>

/** Starts everything; each part that runs adds how to end it. */
async function start(config: Config, closers: Closer[], signal: AbortSignal): Promise<void> {
  const logger = createLogger({ now: nowMs })
  const prompts = await loadPrompts(config.promptsFile)
  const experiments = await loadExperiments(config.experimentsFile)
  const authorLists = await loadAuthorLists(config.authorListsFile)
  await checkPort(config.host, config.port)
  const database = await createDatabase(config)
  closers.push(() => database.close())
  await checkDatabase(database, config.databaseUrl)
  await runTimedStep(`Database: ${database.engine} is up to date`, () => migrate(database))
  const starting = runTimedStep('Phoenix: both models serve', () =>
    startPhoenixServices({ config, root: ROOT, checkpoint: config.checkpoint ?? DEMO_CHECKPOINT }),
  )
  closers.push(async () => (await starting.catch(() => null))?.close())
  const world = { ...config, database, root: ROOT, nowMs, signal }
  const [phoenix, hasDemoWorld] = await Promise.all([starting, ensureDemoWorld(world)])
  const personas = hasDemoWorld ? await loadPersonas(world) : []
  const cursorKeys = await loadCursorKeys(config.cursorKeys, config.dataDirectory)
  const parts = { database, phoenix, personas, prompts, experiments, authorLists, logger }
  const gateway = await startGateway({ config, cursorKeys, ...parts, nowMs })
  closers.push(() => gateway.close())
  closers.push(await keepRuntimeFile(config.dataDirectory, gateway.url, phoenix.processIds))
  const { isDevelopment } = config
  process.stdout.write(`${formatBanner({ url: gateway.url, personas, isDevelopment })}\n`)
  const topUp = topUpDemoWorld(world)
    .then((hours) => {
      if (hours === 0) return
      gateway.events.notify()
      say(`Demo world: ${hours.toFixed(1)} hours were added in the background.`)
    })
    .catch((error: unknown) => {
      if (!signal.aborted) logger.warn('demo_world_not_topped_up', { error: describeError(error) })
    })
  closers.push(() => topUp)
}

/** `runtime.json` in the data directory tells tools the address and the children's process ids. */
async function keepRuntimeFile(
  dataDirectory: string,
  url: string,
  processIds: () => object,
): Promise<Closer> {
  const path = join(dataDirectory, 'runtime.json')
  let written = ''
  const write = async () => {
    const text = JSON.stringify({ url, processId: process.pid, processIds: processIds() })
    if (text === written) return
    written = text
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }
  await write()
  const timer = setInterval(() => void write().catch(() => undefined), RUNTIME_INTERVAL_MS)
  return async () => clearInterval(timer)
}

/** A sentence for faults with a known remedy, everything for the others. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.faults.join('\nhomefeed  ')
  if (error instanceof StartError || error instanceof DirectoryInUseError) return error.message
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ENOSPC') return 'The disk is full: free some space, or set HOMEFEED_DATA_DIR.'
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function main(): Promise<void> {
  keepRequestsYoung()
  const closers: Closer[] = []
  const ending = new AbortController()
  const end = async (code: number): Promise<void> => {
    if (ending.signal.aborted) return
    ending.abort()
    setTimeout(() => process.exit(code === 0 ? 1 : code), SHUTDOWN_MS).unref()
    for (const close of closers.toReversed()) {
      await close().catch((error: unknown) => say(`while ending: ${explain(error)}`))
    }
    process.exit(code)
  }
  process.on('SIGINT', () => void end(0)).on('SIGTERM', () => void end(0))
  if (!process.stdin.isTTY) process.stdin.on('end', () => void end(0)).resume()
  try {
    await start(readProcessConfig(), closers, ending.signal)
  } catch (error) {
    if (!ending.signal.aborted) say(explain(error))
    await end(1)
  }
}

await main()
