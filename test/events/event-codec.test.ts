import { describe, expect, it } from 'vitest'
import {
  createEvent,
  decodeEvent,
  encodeEvent,
  EventDecodeError,
} from '../../src/events/event-codec.ts'

const AT_MS = 1_780_000_000_123
const PAYLOAD = {
  $case: 'postDeleted',
  value: { postId: 2n ** 63n - 1n, authorId: 7n, deletedAtMs: BigInt(AT_MS) },
} as const

function reasonOf(bytes: Uint8Array): string {
  try {
    decodeEvent(bytes)
  } catch (error) {
    if (error instanceof EventDecodeError) return error.reason
  }
  return 'decoded'
}

describe('the event codec', () => {
  it('reads back what it wrote', () => {
    const event = createEvent(PAYLOAD, AT_MS, 5n)
    expect(decodeEvent(encodeEvent(event))).toEqual(event)
    expect(event).toMatchObject({ occurredAtMs: BigInt(AT_MS), entityVersion: 5n })
  })

  it('gives ids that are UUIDv7 of the time of the event, and grow', () => {
    const [first, second] = [createEvent(PAYLOAD, AT_MS, 0n), createEvent(PAYLOAD, AT_MS, 0n)]
    expect(first.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
    expect(Number.parseInt(first.id.replaceAll('-', '').slice(0, 12), 16)).toBe(AT_MS)
    expect(first.id < second.id).toBe(true)
  })

  it('refuses bytes that are no event', () => {
    expect(reasonOf(Uint8Array.of(0xff, 0xff, 0xff))).toBe('undecodable')
  })

  it('refuses an event whose kind a later schema added, but skips later fields', () => {
    const known = encodeEvent(createEvent(PAYLOAD, AT_MS, 0n))
    // Field 90, a length of 2, two bytes.
    const later = Uint8Array.of(0xd2, 0x05, 2, 1, 1)
    expect(reasonOf(later)).toBe('unknown_kind')
    expect(reasonOf(new Uint8Array(0))).toBe('unknown_kind')
    expect(reasonOf(Uint8Array.of(...known, ...later))).toBe('decoded')
  })
})
