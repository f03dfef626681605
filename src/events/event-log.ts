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

/** Where one partition stands: the offset of the next record to read. */
export interface PartitionPosition {
  readonly partition: number
  /** Opaque: only its order has a meaning. */
  readonly offset: bigint
}

/** `earliest` or the first record not older than `sinceMs`. */
export type StartPosition =
  { readonly kind: 'earliest' } | { readonly sinceMs: number; readonly kind: 'since' }

/** A record as the log holds it: `decodeEvent` reads its value, and may refuse it. */
export interface ConsumedRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  /** An encoded `Event`. */
  readonly value: Uint8Array
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
  /** The latest of either; null = none. */
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
  /** Stops reading; resolves when the running batch is done, or the log's bound has passed. */
  close(): Promise<void>
}

export interface EventLog {
  /** Resolves when the records are durable. */
  publish(records: readonly EventRecord[]): Promise<void>
  /**
   * Reads every partition of a topic. A rejection of `handle` is counted, and the batch comes
   * again after a pause: handlers are idempotent.
   */
  subscribe(topic: Topic, start: StartPosition, handle: BatchHandler): Promise<Subscription>
  endPositions(topic: Topic): Promise<readonly PartitionPosition[]>
  close(): Promise<void>
}
