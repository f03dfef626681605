import { InProcessEventLog } from '../events/in-process-event-log.ts'
import { IndexFeeder } from '../phoenix/index-feeder.ts'
import type { GrpcRetrievalClient } from '../phoenix/grpc-retrieval-client.ts'
import type { Database } from '../store/database.ts'
import { createOutboxReader, createOutboxWriter, purgeOutbox } from '../store/outbox.ts'
import { describeError, type Logger } from '../telemetry.ts'
import { catchUp } from '../thunder/catch-up.ts'
import { startPostConsumer, type PostConsumer } from '../thunder/post-consumer.ts'
import { PostStore } from '../thunder/post-store.ts'

/** Readers look at the outbox this often when nobody tells them of a new row. */
const POLL_INTERVAL_MS = 1_000
const PURGE_INTERVAL_MS = 10 * 60_000

/** The log and its two readers: Thunder and the retrieval index. */
export interface EventFlow {
  readonly thunder: PostStore
  readonly consumer: PostConsumer
  readonly feeder: IndexFeeder
  /** Resolves when both readers have all that the log held at their start. */
  readonly caughtUp: Promise<void>
  /** Tells the readers that rows were written. */
  notify(): void
  close(): Promise<void>
}

export interface EventFlowOptions {
  readonly database: Database
  readonly retrieval: GrpcRetrievalClient
  readonly logger: Logger
  /** The most posts that Thunder holds. */
  readonly thunderPostsMax: number
  readonly nowMs: () => number
}

/** Starts the event flow; `caughtUp` says when it may be served from. */
export async function startEventFlow(options: EventFlowOptions): Promise<EventFlow> {
  const { database, retrieval, logger, thunderPostsMax, nowMs } = options
  const log = new InProcessEventLog({
    reader: createOutboxReader(database),
    writer: createOutboxWriter(database, nowMs),
    pollIntervalMs: POLL_INTERVAL_MS,
  })
  const thunder = new PostStore(nowMs, { postsMax: thunderPostsMax })
  const consumer = await startPostConsumer({ log, store: thunder, nowMs })
  const feeder = new IndexFeeder({ log, index: retrieval, nowMs })
  const retention = catchUp(thunder, consumer)
  const purge = setInterval(() => {
    purgeOutbox(database, nowMs()).catch((error: unknown) =>
      logger.warn('outbox_not_purged', { error: describeError(error) }),
    )
  }, PURGE_INTERVAL_MS)
  return {
    thunder,
    consumer,
    feeder,
    caughtUp: Promise.all([retention, feeder.caughtUp]).then(() => undefined),
    notify: () => log.notify(),
    async close() {
      clearInterval(purge)
      await Promise.all([consumer.close(), feeder.close()])
      // Catching up fails when it is cut short by this very end.
      await retention.then(
        (running) => running.close(),
        () => undefined,
      )
      await log.close()
    },
  }
}
