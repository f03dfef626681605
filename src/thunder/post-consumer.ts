import { createDeadLetter, type Rejection } from '../events/create-dead-letter.ts'
import type {
  CatchUpProgress,
  ConsumedRecord,
  EventLog,
  PartitionLag,
  SubscriptionFailures,
} from '../events/event-log.ts'
import { decodePostEvent, PostEventError, type PostChange, type PostEvent } from './post-event.ts'
import type { PostStore } from './post-store.ts'
import { RETENTION_SECONDS } from './thunder.params.ts'

export interface PostConsumerOptions {
  readonly log: EventLog
  readonly store: PostStore
  readonly nowMs: () => number
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

function applyChange(store: PostStore, change: PostChange): void {
  if (change.kind === 'create') store.insert(change.post)
  else if (change.kind === 'restore') store.restore(change.post)
  else store.delete(change.deletion)
}

/** @throws {PostEventError} for one that the store cannot use. */
function decodeRecord({ value, fault }: ConsumedRecord): PostEvent {
  if (fault !== undefined) throw new PostEventError(fault)
  return decodePostEvent(value)
}

/**
 * Feeds the store from the topic `posts`, from 48 hours ago on. The store takes an event twice
 * without harm, so a batch may come again. What cannot be used is counted and published to
 * `dead-letters`, after the rest of its batch has been applied.
 */
export async function startPostConsumer(options: PostConsumerOptions): Promise<PostConsumer> {
  const { log, store, nowMs } = options
  const rejected = new Map<string, number>()
  let applied = 0
  let newestAppliedAtMs = 0

  async function handle(batch: readonly ConsumedRecord[]): Promise<void> {
    const rejections: Rejection[] = []
    const batchAtMs = nowMs()
    for (const record of batch) {
      try {
        const { change, occurredAtMs } = decodeRecord(record)
        applyChange(store, change)
        applied += 1
        newestAppliedAtMs = Math.max(newestAppliedAtMs, Math.min(occurredAtMs, batchAtMs))
      } catch (error) {
        if (!(error instanceof PostEventError)) throw error
        rejections.push({ record, reason: error.reason })
      }
    }
    if (rejections.length === 0) return
    await log.publish(rejections.map((rejection) => createDeadLetter(TOPIC, rejection, batchAtMs)))
    for (const { reason } of rejections) rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
  }

  const sinceMs = nowMs() - RETENTION_SECONDS * 1_000
  const subscription = await log.subscribe(TOPIC, { kind: 'since', sinceMs }, handle)
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
