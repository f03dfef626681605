import { createEvent } from './event-codec.ts'
import type { ConsumedRecord, EventRecord, Topic } from './event-log.ts'

/** Bytes of a value that a dead letter carries: with them it must fit where the record did. */
export const DEAD_LETTER_VALUE_BYTES_MAX = 524_288

/** A record that a consumer could not use, and why. */
export interface Rejection {
  readonly record: ConsumedRecord
  readonly reason: string
}

/**
 * What is published to `dead-letters`. Keyed by where the record came from, so that a reader knows
 * one that is published again after a restart. A value that is too long is cut, and says so.
 */
export function createDeadLetter(
  topic: Topic,
  { record, reason }: Rejection,
  atMs: number,
): EventRecord {
  const { length } = record.value
  const isCut = length > DEAD_LETTER_VALUE_BYTES_MAX
  const value = {
    topic,
    partition: record.partition,
    // A wider position of the outbox ends in its row's id.
    offset: BigInt.asUintN(63, record.offset),
    key: Buffer.from(record.key),
    value: isCut ? record.value.subarray(0, DEAD_LETTER_VALUE_BYTES_MAX) : record.value,
    reason: isCut ? `${reason} (cut from ${length} bytes)` : reason,
    atMs: BigInt(atMs),
  }
  return {
    topic: 'dead-letters',
    key: `${topic}/${record.partition}/${record.offset}`,
    event: createEvent({ $case: 'deadLetter', value }, atMs, 0n),
  }
}
