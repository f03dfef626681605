import type { Event } from '../gen/events.ts'

/** Topics and what keys them: the order of one key is kept. */
export type Topic = 'posts' | 'engagements' | 'relations' | 'impressions' | 'dead-letters'

export interface EventRecord {
  readonly topic: Topic
  /** Author id for `posts`, viewer id elsewhere. */
  readonly key: string
  readonly event: Event
}

/** Where one partition stands: the offset of the next record to read. */
export interface PartitionPosition {
  readonly partition: number
  readonly offset: bigint
}

/** `earliest` or the first record not older than `sinceMs`. */
export type StartPosition =
  { readonly kind: 'earliest' } | { readonly sinceMs: number; readonly kind: 'since' }

export interface ConsumedRecord {
  readonly partition: number
  readonly offset: bigint
  readonly event: Event
}

export interface Subscription {
  /** Resolves when every record below the end offsets read at subscription has been handled. */
  readonly caughtUp: Promise<void>
  /** Stops reading; resolves when the running batch is done. */
  close(): Promise<void>
}

export interface EventLog {
  publish(records: readonly EventRecord[]): Promise<void>
  /**
   * Reads every partition of a topic. `handle` gets batches in partition order and is awaited
   * before the next; a rejection is counted, and the batch comes again.
   */
  subscribe(
    topic: Topic,
    start: StartPosition,
    handle: (batch: readonly ConsumedRecord[]) => Promise<void>,
  ): Promise<Subscription>
  endPositions(topic: Topic): Promise<readonly PartitionPosition[]>
  close(): Promise<void>
}
