import type { Kysely } from 'kysely'
import type { ConsumedRecord, PartitionPosition, Topic } from '../../events/event-log.ts'
import type { Tables } from '../tables.ts'

export interface WriteOptions {
  readonly topic: Topic
  readonly nowMs: number
  /** After these changes; to be remembered with them. */
  readonly positions: readonly PartitionPosition[]
}

/** What a materialiser reads, and how it becomes rows. */
export interface MaterialiserPart<T> {
  /** Its name in `log_positions`. */
  readonly reader: string
  /** Of `ADVISORY_LOCKS`. */
  readonly lock: number
  readonly topics: readonly Topic[]
  /** @throws {UnusableEventError} for a record that can never be written. */
  decode(topic: Topic, record: ConsumedRecord, nowMs: number): T
  /**
   * Writes changes, in their order, and how far they reach, in one transaction. The same changes
   * may come again. Answers how many counted.
   */
  write(session: Kysely<Tables>, changes: readonly T[], options: WriteOptions): Promise<number>
}
