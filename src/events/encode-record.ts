import { encodeEvent } from './event-codec.ts'
import type { EncodedRecord, LogRecord } from './event-log.ts'

/** The record as bytes; one that is encoded already is passed on. */
export function encodeRecord(record: LogRecord): EncodedRecord {
  if ('value' in record) return record
  const { topic, key, event } = record
  return { topic, key, value: encodeEvent(event), occurredAtMs: Number(event.occurredAtMs) }
}
