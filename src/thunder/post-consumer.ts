import { createDeadLetter, type Rejection } from '../events/create-dead-letter.ts'
import type {
  CatchUpProgress,
  ConsumedRecord,
  EventLog,
  PartitionLag,
  SubscriptionFailures,
} from '../events/event-log.ts'
import { trustPostId, type PostId } from '../ids.ts'
import { setDeletion, setPost, setRestoredPost } from './change-columns.ts'
import { joinId } from './id-halves.ts'
import { PostColumns } from './post-columns.ts'
import { PostEventColumns } from './post-event-columns.ts'
import { decodePostEvent, PostEventError, type PostChange } from './post-event.ts'
import type { PostStore } from './post-store.ts'
import { RETENTION_SECONDS } from './thunder.params.ts'

export interface PostConsumerOptions {
  readonly log: EventLog
  readonly store: PostStore
  readonly nowMs: () => number
  /** After the catch-up: called for a post that may have changed, once the store shows it. */
  readonly onChange?: (postId: PostId) => void
}

export interface PostConsumerStats {
  /** Events handed to the store, whatever it made of them. */
  readonly applied: number
  /** Events that the store never saw, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** When the newest applied event happened, epoch ms, at most now; 0 = none yet. */
  readonly newestAppliedAtMs: number
  readonly failures: SubscriptionFailures
}

/** Reads posts into a store until it is closed. */
export interface PostConsumer {
  /** Resolves when the store has all that the log held at the start. */
  readonly caughtUp: Promise<void>
  progress(): CatchUpProgress
  stats(): PostConsumerStats
  /** Of every partition of `posts`. */
  lag(): readonly PartitionLag[]
  /**
   * The store shows the world as it was then, or later: its newest event, or the last look that
   * found nothing left to read. Epoch ms; 0 = never yet.
   */
  asOfMs(): number
  close(): Promise<void>
}

const TOPIC = 'posts'

/** Rows applied in one go: 1 ms. */
const ROWS = 1_000

function setChange(columns: PostColumns, row: number, change: PostChange): void {
  if (change.kind === 'create') setPost(columns, row, change.post)
  else if (change.kind === 'restore') setRestoredPost(columns, row, change.post)
  else setDeletion(columns, row, change.deletion)
}

/** Decodes records into columns; what cannot be used is told apart. */
class ColumnReader {
  readonly columns = new PostColumns(ROWS)
  readonly #events = new PostEventColumns()

  /** Fills the next row; returns when it happened, epoch ms. @throws {PostEventError} */
  read({ value, fault }: ConsumedRecord): number {
    if (fault !== undefined) throw new PostEventError(fault)
    const { columns } = this
    const row = columns.count
    if (this.#events.take(value, columns, row)) {
      columns.count += 1
      return this.#events.occurredAtMs
    }
    const { change, occurredAtMs } = decodePostEvent(value)
    setChange(columns, row, change)
    columns.count += 1
    return occurredAtMs
  }
}

function tellChanges(columns: PostColumns, onChange: (postId: PostId) => void): void {
  const { postIds } = columns
  for (let row = 0; row < columns.count; row += 1) {
    onChange(trustPostId(joinId(postIds[row * 2] ?? 0, postIds[row * 2 + 1] ?? 0)))
  }
}

/**
 * Feeds the store from the topic `posts`, from 48 hours ago on. The store takes an event twice
 * without harm, so a batch may come again. What cannot be used is counted and published to
 * `dead-letters`, after the rest of its batch has been applied.
 */
export async function startPostConsumer(options: PostConsumerOptions): Promise<PostConsumer> {
  const { log, store, nowMs, onChange } = options
  const rejected = new Map<string, number>()
  const reader = new ColumnReader()
  let applied = 0
  let newestAppliedAtMs = 0
  let isCaughtUp = false

  function applyRows(): void {
    store.applyColumns(reader.columns)
    if (isCaughtUp && onChange !== undefined) tellChanges(reader.columns, onChange)
    applied += reader.columns.count
    reader.columns.count = 0
  }

  async function handle(batch: readonly ConsumedRecord[]): Promise<void> {
    const rejections: Rejection[] = []
    const batchAtMs = nowMs()
    let newestAtMs = newestAppliedAtMs
    // A batch that broke off left rows behind; it comes again as a whole.
    reader.columns.count = 0
    for (const record of batch) {
      try {
        newestAtMs = Math.max(newestAtMs, Math.min(reader.read(record), batchAtMs))
        if (reader.columns.count === ROWS) applyRows()
      } catch (error) {
        if (!(error instanceof PostEventError)) throw error
        rejections.push({ record, reason: error.reason })
      }
    }
    applyRows()
    newestAppliedAtMs = newestAtMs
    if (rejections.length === 0) return
    await log.publish(rejections.map((rejection) => createDeadLetter(TOPIC, rejection, batchAtMs)))
    for (const { reason } of rejections) rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
  }

  const sinceMs = nowMs() - RETENTION_SECONDS * 1_000
  const subscription = await log.subscribe(TOPIC, { kind: 'since', sinceMs }, handle)
  // A catch-up that fails is told of by the subscription itself.
  subscription.caughtUp.then(
    () => (isCaughtUp = true),
    () => undefined,
  )
  return {
    caughtUp: subscription.caughtUp,
    progress: () => subscription.progress(),
    stats: () => ({
      applied,
      rejected: Object.fromEntries(rejected),
      newestAppliedAtMs,
      failures: subscription.failures(),
    }),
    lag: () => subscription.lag(),
    asOfMs: () => Math.max(newestAppliedAtMs, subscription.upToDateAtMs()),
    close: () => subscription.close(),
  }
}
