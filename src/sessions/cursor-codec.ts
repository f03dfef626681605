import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  timingSafeEqual,
} from 'node:crypto'

/** Bytes of a session id. */
export const SESSION_ID_BYTES = 16

const VERSION = 1
const TAG_BYTES = 16
const POSITION_OFFSET = SESSION_ID_BYTES
const TURN_OFFSET = POSITION_OFFSET + 4
const STARTED_OFFSET = TURN_OFFSET + 2
const PAYLOAD_BYTES = STARTED_OFFSET + 6
const CURSOR_BYTES = 1 + TAG_BYTES + PAYLOAD_BYTES
/** Length of every cursor in characters. */
export const CURSOR_LENGTH = Math.ceil((CURSOR_BYTES * 4) / 3)

/** Where a reader stands in one session. */
export interface FeedCursor {
  /** base64url of `SESSION_ID_BYTES` bytes. */
  readonly sessionId: string
  /** Of the last entry that was looked at; -1 = before the first. */
  readonly position: number
  /** Grows when a page is empty, so that its end differs from where it began. 0 to 65,535. */
  readonly turn: number
  /** When the session was opened, epoch ms: a rebuilt one leaves out what was served since. */
  readonly sessionStartedAtMs: number
}

/** What a cursor is good for: it verifies only with the same three. */
export interface CursorBinding {
  readonly feed: string
  readonly viewerId: string
  /** The filter in one canonical spelling. */
  readonly filter: string
}

interface KeyPair {
  readonly mac: Buffer
  readonly encryption: Buffer
}

function deriveKeys(secret: string): KeyPair {
  const derive = (purpose: string): Buffer =>
    createHash('sha256').update(`homefeed cursor ${purpose}\0${secret}`).digest()
  return { mac: derive('mac'), encryption: derive('encryption') }
}

function tagOf(key: KeyPair, payload: Buffer, binding: CursorBinding): Buffer {
  const bound = JSON.stringify([VERSION, binding.feed, binding.viewerId, binding.filter])
  return createHmac('sha256', key.mac).update(payload).update(bound).digest().subarray(0, TAG_BYTES)
}

/**
 * Makes and reads cursors: opaque, of one length, the same for the same place. The tag is an HMAC
 * over place and binding, and the initial vector of the cipher (a synthetic one), so that neither
 * session nor position can be read or changed.
 */
export class CursorCodec {
  readonly #keys: readonly [KeyPair, ...KeyPair[]]

  /** The first secret signs, all verify. @throws when there is none. */
  constructor(secrets: readonly string[]) {
    const [first, ...others] = secrets.map(deriveKeys)
    if (first === undefined) throw new Error('Cursors need at least one key.')
    this.#keys = [first, ...others]
  }

  encode(cursor: FeedCursor, binding: CursorBinding): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES)
    payload.write(cursor.sessionId, 0, SESSION_ID_BYTES, 'base64url')
    payload.writeInt32BE(cursor.position, POSITION_OFFSET)
    payload.writeUInt16BE(cursor.turn, TURN_OFFSET)
    payload.writeUIntBE(cursor.sessionStartedAtMs, STARTED_OFFSET, 6)
    const [key] = this.#keys
    const tag = tagOf(key, payload, binding)
    const cipher = createCipheriv('aes-256-ctr', key.encryption, tag)
    return Buffer.concat([
      Buffer.of(VERSION),
      tag,
      cipher.update(payload),
      cipher.final(),
    ]).toString('base64url')
  }

  /** Null = forged, damaged, signed with an unknown key, or bound to something else. */
  decode(text: string, binding: CursorBinding): FeedCursor | null {
    if (text.length !== CURSOR_LENGTH) return null
    const bytes = Buffer.from(text, 'base64url')
    if (bytes.length !== CURSOR_BYTES || bytes.toString('base64url') !== text) return null
    if (bytes[0] !== VERSION) return null
    const tag = bytes.subarray(1, 1 + TAG_BYTES)
    for (const key of this.#keys) {
      const decipher = createDecipheriv('aes-256-ctr', key.encryption, tag)
      const payload = Buffer.concat([
        decipher.update(bytes.subarray(1 + TAG_BYTES)),
        decipher.final(),
      ])
      if (!timingSafeEqual(tag, tagOf(key, payload, binding))) continue
      return {
        sessionId: payload.toString('base64url', 0, SESSION_ID_BYTES),
        position: payload.readInt32BE(POSITION_OFFSET),
        turn: payload.readUInt16BE(TURN_OFFSET),
        sessionStartedAtMs: payload.readUIntBE(STARTED_OFFSET, 6),
      }
    }
    return null
  }
}
