import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { GrpcChannel } from '../../phoenix/grpc-channel.ts'
import { GrpcRankingClient } from '../../phoenix/grpc-ranking-client.ts'
import { GrpcRetrievalClient } from '../../phoenix/grpc-retrieval-client.ts'
import { IndexFeeder } from '../../phoenix/index-feeder.ts'
import type { PhoenixService } from '../../phoenix/phoenix-error.ts'
import { createLoaders } from '../../store/create-loaders.ts'
import { createViewerStore } from '../../store/create-viewer-store.ts'
import { createDatabase, type Database } from '../../store/database.ts'
import { migrate } from '../../store/migrate.ts'
import { PostFacts } from '../../store/post-facts.ts'
import type { Logger } from '../../telemetry.ts'
import { catchUp } from '../../thunder/catch-up.ts'
import { startPostConsumer } from '../../thunder/post-consumer.ts'
import { PostStore } from '../../thunder/post-store.ts'
import { STALE_AFTER_MS } from '../../thunder/thunder.params.ts'
import { SearchTexts } from '../../pipeline/muted-keywords/search-text.ts'
import { SEARCH_TEXT_PARAMS } from '../../pipeline/process.params.ts'
import { loadPrompts } from '../load-prompts.ts'
import { loadAuthorLists } from '../load-author-lists.ts'
import { checkDatabase } from '../check-database.ts'
import { ensureDemoWorld, topUpDemoWorld } from '../demo-world.ts'
import { toHomeFeedDependencies } from '../home-feed-dependencies.ts'
import { openEventLog } from '../open-event-log.ts'
import { startPhoenixServices } from '../phoenix-services.ts'
import { runTimedStep } from '../progress.ts'
import type { Asked } from './faults.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const DEMO_CHECKPOINT = join(ROOT, 'python', 'checkpoints', 'demo')

export interface PartsOptions {
  readonly config: Config
  readonly logger: Logger
  readonly nowMs: () => number
  /** Takes how to end each part, in the order in which they start. */
  readonly closers: (() => Promise<void>)[]
}

/**
 * What the gateway ranks with, on the settings' database and with Phoenix services of its own on
 * free ports: database, Thunder, retrieval index, models. No HTTP, no training log and no
 * materialiser.
 */
export async function openParts(
  options: PartsOptions,
): Promise<Asked & { readonly database: Database }> {
  const { nowMs, closers } = options
  const config = { ...options.config, retrievalPort: 0, rankingPort: 0 }
  const database = await createDatabase(config)
  closers.push(() => database.close())
  await checkDatabase(database, config.databaseUrl)
  await migrate(database)
  const starting = runTimedStep('Phoenix: both models serve', () =>
    startPhoenixServices({ config, root: ROOT, checkpoint: config.checkpoint ?? DEMO_CHECKPOINT }),
  )
  closers.push(async () => (await starting.catch(() => null))?.close())
  const { signal } = new AbortController()
  const world = { ...config, database, root: ROOT, nowMs, signal }
  const [phoenix] = await Promise.all([
    starting,
    ensureDemoWorld(world).then((isThere) => (isThere ? topUpDemoWorld(world) : 0)),
  ])
  const toChannel = (service: PhoenixService, address: string): GrpcChannel => {
    const channel = new GrpcChannel({ service, address, nowMs })
    closers.push(async () => channel.close())
    return channel
  }
  const retrieval = new GrpcRetrievalClient(
    toChannel('phoenix-retrieval', phoenix.retrievalAddress),
  )
  const ranking = new GrpcRankingClient(toChannel('phoenix-ranking', phoenix.rankingAddress))
  const events = await readEvents({ ...options, database, retrieval })
  const viewerStore = createViewerStore(database)
  // Nobody writes to the database for as long as a rehearsal takes.
  const postFacts = new PostFacts({ now: nowMs, isTrusted: () => true })
  return {
    database,
    dependencies: toHomeFeedDependencies({
      database,
      viewerStore,
      events,
      retrieval,
      ranking,
      authorLists: await loadAuthorLists(config.authorListsFile),
      prompts: await loadPrompts(config.promptsFile),
      searchTexts: new SearchTexts(SEARCH_TEXT_PARAMS),
      // A rehearsal leaves no trace, and no run may stand on the one before it.
      requestLog: { write: async () => undefined },
      candidateCache: { get: async () => undefined, put: async () => undefined },
      nowMs,
    }),
    createLoaders: () => createLoaders(database, nowMs(), postFacts),
  }
}

/** Thunder and the retrieval index, with all that the log holds. */
async function readEvents({
  config,
  database,
  retrieval,
  logger,
  nowMs,
  closers,
}: PartsOptions & { readonly database: Database; readonly retrieval: GrpcRetrievalClient }) {
  const events = await openEventLog({ ...config, database, logger, nowMs })
  closers.push(() => events.close())
  const thunder = new PostStore(nowMs, { postsMax: config.thunderPostsMax })
  const { log } = events
  const consumer = await startPostConsumer({
    log,
    store: thunder,
    nowMs,
    onChange: () => undefined,
  })
  closers.push(() => consumer.close())
  const feeder = new IndexFeeder({ log, index: retrieval, nowMs, onFill: () => undefined })
  closers.push(() => feeder.close())
  await runTimedStep('Event log: read by Thunder and the retrieval index', async () => {
    const [retention] = await Promise.all([catchUp(thunder, consumer), feeder.caughtUp])
    closers.push(async () => retention.close())
  })
  return { thunder, isStale: () => nowMs() - consumer.asOfMs() > STALE_AFTER_MS }
}
