import { V7Generator } from 'uuidv7'
import { Event } from '../gen/events.ts'

/** Of the messages in schema/events.proto; a reader accepts what is newer and skips its fields. */
export const EVENT_SCHEMA_VERSION = 1

/** What an event says, with its kind. */
export type EventPayload = NonNullable<Event['payload']>

/** Bytes that are no event, or one without a kind that we know. */
export class EventDecodeError extends Error {
  override readonly name = 'EventDecodeError'
  /** `undecodable`: not protobuf. `unknown_kind`: an event of a later schema, or an empty one. */
  readonly reason: 'undecodable' | 'unknown_kind'

  constructor(reason: 'undecodable' | 'unknown_kind', options: { readonly cause?: unknown } = {}) {
    super(
      reason === 'undecodable' ? 'the bytes are no event' : 'the event has no kind that is known',
      options,
    )
    this.reason = reason
  }
}

/** An event whose payload is present. */
export type KnownEvent = Event & { readonly payload: EventPayload }

const ids = new V7Generator()

/**
 * A new event with an id of its own (UUIDv7). `entityVersion` grows per entity; 0 = this entity is
 * not versioned, and the order of arrival decides.
 */
export function createEvent(
  payload: EventPayload,
  occurredAtMs: number,
  entityVersion: bigint,
): KnownEvent {
  return {
    id: ids.generateOrResetWithTs(occurredAtMs).toString(),
    occurredAtMs: BigInt(occurredAtMs),
    schemaVersion: EVENT_SCHEMA_VERSION,
    entityVersion,
    payload,
  }
}

export function encodeEvent(event: Event): Uint8Array {
  return Event.encode(event).finish()
}

/** @throws {EventDecodeError} for bytes that are no event, or one of an unknown kind. */
export function decodeEvent(bytes: Uint8Array): KnownEvent {
  let event: Event
  try {
    event = Event.decode(bytes)
  } catch (cause) {
    throw new EventDecodeError('undecodable', { cause })
  }
  const { payload } = event
  if (payload === undefined) throw new EventDecodeError('unknown_kind')
  return { ...event, payload }
}
