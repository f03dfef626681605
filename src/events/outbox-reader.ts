import type { LogRecord, Topic } from './event-log.ts'

/** One event of the outbox, as it was written. */
export interface OutboxRow {
  /** Grows in commit order; opaque, and possibly wider than 64 bits. */
  readonly position: bigint
  readonly topic: Topic
  readonly key: string
  /** An encoded `Event`. Bytes, so that one that does not decode stops nobody. */
  readonly event: Uint8Array
  /** Epoch ms. */
  readonly occurredAtMs: number
}

/** Reads the outbox in commit order. `store/` implements it; main.ts hands it to the event log. */
export interface OutboxReader {
  /**
   * Rows after `after` (0 = from the start), at most `limit`. Rows of a transaction show only when
   * no older transaction still runs, so none ever appears before a position that was read.
   */
  read(after: bigint, limit: number): Promise<readonly OutboxRow[]>
  /** Position of the last readable row; 0 when there is none. */
  endPosition(): Promise<bigint>
  /**
   * Position before the first row whose event happened at or after `sinceMs`; the end when there
   * is none.
   */
  positionSince(sinceMs: number): Promise<bigint>
  /** How many readable rows there are after a position, of all topics: for progress bars. */
  countAfter(after: bigint): Promise<number>
}

/** Appends events that stand alone, in a transaction of their own and in the order given. */
export interface OutboxWriter {
  write(records: readonly LogRecord[]): Promise<void>
}
