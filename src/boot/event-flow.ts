import type { PostId } from '../ids.ts'
import { IndexFeeder } from '../phoenix/index-feeder.ts'
import type { RetrievalIndex } from '../phoenix/retrieval-index.ts'
import type { Change } from '../store/materialiser/change.ts'
import { changesPart } from '../store/materialiser/changes.part.ts'
import { impressionsPart } from '../store/materialiser/impressions.part.ts'
import { Materialiser } from '../store/materialiser/materialiser.ts'
import { TrainingLogConsumer } from '../store/training-log/training-log-consumer.ts'
import { purgeProcessedEvents } from '../store/materialiser/purge-processed-events.ts'
import type { LoggedImpression } from '../store/training-log/logged-event.ts'
import type { OutboxRelay } from '../store/outbox-relay.ts'
import { PostFacts } from '../store/post-facts.ts'
import { describeError } from '../telemetry.ts'
import { catchUp } from '../thunder/catch-up.ts'
import { startPostConsumer, type PostConsumer } from '../thunder/post-consumer.ts'
import { PostStore } from '../thunder/post-store.ts'
import { STALE_AFTER_MS } from '../thunder/thunder.params.ts'
import { openEventLog, type OpenEventLogOptions } from './open-event-log.ts'

const PURGE_INTERVAL_MS = 10 * 60_000

/** The log and its readers: Thunder and the retrieval index. */
export interface EventFlow {
  readonly thunder: PostStore
  readonly consumer: PostConsumer
  readonly feeder: IndexFeeder
  /** Told of every changed post; not trusted while Thunder is stale. */
  readonly postFacts: PostFacts
  /** Null where the outbox is the log. */
  readonly relay: OutboxRelay | null
  /** Null unless the settings ask for it. */
  readonly materialiser: Materialiser<Change> | null
  /** Makes impressions rows of the database, in one process of all. */
  readonly impressions: Materialiser<LoggedImpression>
  readonly trainingLog: TrainingLogConsumer
  /** Resolves when both readers have all that the log held at their start. */
  readonly caughtUp: Promise<void>
  /** Whether Thunder lacks events that it should have by now, or cannot know. */
  isStale(): boolean
  /** Tells the readers that rows were written. */
  notify(): void
  close(): Promise<void>
}

export interface EventFlowOptions extends OpenEventLogOptions {
  readonly retrieval: RetrievalIndex
  /** The most posts that Thunder holds. */
  readonly thunderPostsMax: number
  /** Whether events that arrive are written to the database. */
  readonly materialises: boolean
  /** Where the files of the training log go. */
  readonly trainingLogDirectory: string
}

/**
 * Starts the event flow; `caughtUp` says when it may be served from. With Kafka the outbox of
 * before goes out first, so that the ends that the readers wait for include it.
 */
export async function startEventFlow(options: EventFlowOptions): Promise<EventFlow> {
  const { database, retrieval, logger, thunderPostsMax, nowMs } = options
  const events = await openEventLog(options)
  await events.relay?.started
  const { log } = events
  const thunder = new PostStore(nowMs, { postsMax: thunderPostsMax })
  const isStale = (): boolean => nowMs() - consumer.asOfMs() > STALE_AFTER_MS
  const postFacts = new PostFacts({ now: nowMs, isTrusted: () => !isStale() })
  const onChange = (postId: PostId): void => postFacts.forget(postId)
  const consumer = await startPostConsumer({ log, store: thunder, nowMs, onChange })
  const feeder = new IndexFeeder({
    log,
    index: retrieval,
    nowMs,
    onFill({ state, ...fill }) {
      // The first is a step of the start, which says so itself.
      if (fill.fills > 1) logger.info(`retrieval_index_refill_${state}`, fill)
    },
  })
  const retention = catchUp(thunder, consumer)
  const materialiser = options.materialises
    ? new Materialiser({ part: changesPart, database, log, nowMs })
    : null
  const impressions = new Materialiser({ part: impressionsPart, database, log, nowMs })
  const trainingLog = new TrainingLogConsumer({
    database,
    log,
    directory: options.trainingLogDirectory,
    nowMs,
  })
  const purge = setInterval(() => {
    Promise.all([events.purge(), purgeProcessedEvents(database, nowMs())]).catch((error: unknown) =>
      logger.warn('outbox_not_purged', { error: describeError(error) }),
    )
  }, PURGE_INTERVAL_MS)
  return {
    thunder,
    consumer,
    feeder,
    postFacts,
    relay: events.relay,
    materialiser,
    impressions,
    trainingLog,
    caughtUp: Promise.all([retention, feeder.caughtUp]).then(() => undefined),
    isStale,
    notify: () => events.notify(),
    async close() {
      clearInterval(purge)
      const readers = [
        consumer,
        feeder,
        trainingLog,
        impressions,
        ...(materialiser === null ? [] : [materialiser]),
      ]
      await Promise.all([...readers, events].map((part) => part.close()))
      // Catching up fails when it is cut short by this very end.
      await retention.then(
        (running) => running.close(),
        () => undefined,
      )
    },
  }
}
