import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CURSOR_LENGTH, CursorCodec, SESSION_ID_BYTES } from '../../src/sessions/cursor-codec.ts'
import type { FeedCursor } from '../../src/sessions/cursor-codec.ts'

const BINDING = { feed: 'home', viewerId: '42', filter: 'mediaOnly' }
const CURSOR: FeedCursor = {
  sessionId: randomBytes(SESSION_ID_BYTES).toString('base64url'),
  position: 19,
  turn: 0,
  sessionStartedAtMs: 1_790_000_000_123,
}
const codec = new CursorCodec(['first key', 'second key'])

describe('CursorCodec', () => {
  it('reads what it wrote, at both ends of each range', () => {
    for (const more of [{}, { position: -1 }, { position: 2 ** 31 - 1 }, { turn: 65_535 }]) {
      const cursor = { ...CURSOR, ...more }
      expect(codec.decode(codec.encode(cursor, BINDING), BINDING)).toEqual(cursor)
    }
  })

  it('has one length, at most 160, and is the same for the same place', () => {
    const texts = Array.from({ length: 300 }, (_, position) =>
      codec.encode({ ...CURSOR, position }, BINDING),
    )
    expect(new Set(texts).size).toBe(300)
    expect(new Set(texts.map((text) => text.length))).toEqual(new Set([CURSOR_LENGTH]))
    expect(CURSOR_LENGTH).toBeLessThanOrEqual(160)
    expect(codec.encode({ ...CURSOR, position: 7 }, BINDING)).toBe(texts[7])
  })

  it('shows neither session nor position', () => {
    const bytes = Buffer.from(codec.encode(CURSOR, BINDING), 'base64url')
    expect(bytes.includes(Buffer.from(CURSOR.sessionId, 'base64url'))).toBe(false)
    const next = Buffer.from(codec.encode({ ...CURSOR, position: 20 }, BINDING), 'base64url')
    const equal = [...bytes].filter((byte, index) => byte === next[index]).length
    expect(equal).toBeLessThan(bytes.length / 2)
  })

  it('refuses every changed bit', () => {
    const bytes = Buffer.from(codec.encode(CURSOR, BINDING), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(codec.decode(forged.toString('base64url'), BINDING)).toBeNull()
    }
  })

  it('refuses another binding, another spelling, and other text', () => {
    const text = codec.encode(CURSOR, BINDING)
    for (const more of [{ feed: 'following' }, { viewerId: '43' }, { filter: '' }]) {
      expect(codec.decode(text, { ...BINDING, ...more })).toBeNull()
    }
    for (const other of ['', 'x', `${text}=`, `${text.slice(0, -1)} `, 'é'.repeat(CURSOR_LENGTH)]) {
      expect(codec.decode(other, BINDING)).toBeNull()
    }
  })

  it('signs with the first key and verifies with all', () => {
    const renewed = new CursorCodec(['third key', 'first key'])
    expect(renewed.decode(codec.encode(CURSOR, BINDING), BINDING)).toEqual(CURSOR)
    expect(codec.decode(renewed.encode(CURSOR, BINDING), BINDING)).toBeNull()
    expect(() => new CursorCodec([])).toThrow('Cursors need at least one key.')
  })
})
