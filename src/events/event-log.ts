import type { Event } from '../gen/events.ts'

/** Topics and what keys them: the order of one key is kept. */
export type Topic = 'posts' | 'engagements' | 'relations' | 'impressions' | 'dead-letters'

/** An event on its way into the log. */
export interface EventRecord {
  readonly topic: Topic
  /** Author id for `posts`, viewer id elsewhere; what it came from for `dead-letters`. */
  readonly key: string
  readonly event: Event
}

/** The same, encoded before: a row of the outbox, or a dead letter that is tried again. */
export interface EncodedRecord {
  readonly topic: Topic
  readonly key: string
  /** An encoded `Event`; the log does not look. */
  readonly value: Uint8Array
  /** Epoch ms: a start position of `since` goes by it. */
  readonly occurredAtMs: number
}

/** What `publish` takes. */
export type LogRecord = EventRecord | EncodedRecord

/** Where one partition stands: the offset of the next record to read. */
export interface PartitionPosition {
  readonly partition: number
  /** Opaque: only its order has a meaning. */
  readonly offset: bigint
}

/** How far a reader is in one partition. */
export interface PartitionLag {
  readonly partition: number
  /** Records that the log was last seen to have beyond what is handled. */
  readonly records: number
}

/**
 * `earliest`, the first record not older than `sinceMs`, or the offset of each partition, where a
 * partition that is not named starts at its earliest.
 */
export type StartPosition =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'since'; readonly sinceMs: number }
  | { readonly kind: 'positions'; readonly positions: readonly PartitionPosition[] }

/** A record as the log holds it: `decodeEvent` reads its value, and may refuse it. */
export interface ConsumedRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  /** An encoded `Event`. */
  readonly value: Uint8Array
  /** Why the log itself could not read it; `value` then is what it found. */
  readonly fault?: string | undefined
}

/** Records of the catch-up: what lay in the log at subscription, and how much of it is handled. */
export interface CatchUpProgress {
  readonly done: number
  readonly total: number
}

/** What went wrong so far; each was tried again. */
export interface SubscriptionFailures {
  /** Reads of the log that failed. */
  readonly reads: number
  /** Batches that the handler rejected. */
  readonly batches: number
  /** Records that were gone, or others, when they were to be read: the reader began anew. */
  readonly gaps: number
  /** The latest of all; null = none. */
  readonly lastError: unknown
}

/** Gets batches in partition order; the next comes when it resolves. */
export type BatchHandler = (batch: readonly ConsumedRecord[]) => Promise<void>

export interface Subscription {
  /**
   * Resolves when every record below the end offsets read at subscription has been handled.
   * Rejects when the subscription is closed before.
   */
  readonly caughtUp: Promise<void>
  progress(): CatchUpProgress
  failures(): SubscriptionFailures
  /** Of every partition that is known, in their order. */
  lag(): readonly PartitionLag[]
  /** When it was last known to have handled all that the log held, epoch ms; 0 = never yet. */
  upToDateAtMs(): number
  /** Stops reading; resolves when the running batch is done, or the log's bound has passed. */
  close(): Promise<void>
}

export interface EventLog {
  /** Resolves when the records are durable; waits while too many others are on their way. */
  publish(records: readonly LogRecord[]): Promise<void>
  /**
   * Reads every partition of a topic. A rejection of `handle` is counted, and the batch comes
   * again after a pause: handlers are idempotent.
   */
  subscribe(topic: Topic, start: StartPosition, handle: BatchHandler): Promise<Subscription>
  /** Where a reader would start that wants nothing of what the log holds. */
  endPositions(topic: Topic): Promise<readonly PartitionPosition[]>
  /** Ends every subscription and what is on its way, within a bound. */
  close(): Promise<void>
}
