import { LRUCache } from 'lru-cache'
import type { FeedSession } from './feed-session.ts'

export interface SessionStoreOptions {
  /** Sessions kept at most. */
  readonly sessionsMax: number
  /** Entries of all sessions together at most; about 1 kB each. */
  readonly entriesMax: number
  /** A session that nobody asks for as long is dropped. */
  readonly idleMs: number
  readonly now: () => number
}

/**
 * Sessions in memory, bounded in number, in size and in idle time; the one unused for longest goes
 * first. A dropped session is rebuilt from its cursor and the served history.
 */
export class SessionStore {
  readonly idleMs: number
  readonly #sessions: LRUCache<string, FeedSession>
  readonly #expiresAtMs = new Map<string, number>()
  readonly #now: () => number

  constructor({ sessionsMax, entriesMax, idleMs, now }: SessionStoreOptions) {
    this.idleMs = idleMs
    this.#now = now
    this.#sessions = new LRUCache({
      max: sessionsMax,
      maxSize: entriesMax,
      sizeCalculation: ({ entries }) => entries.length + 1,
      dispose: (_session, id) => this.#expiresAtMs.delete(id),
    })
  }

  /** Null = never opened here, dropped, or idle for too long. */
  get(id: string): FeedSession | null {
    const session = this.#sessions.get(id)
    if (session === undefined) return null
    if (this.expiresAtMs(id) > this.#now()) return session
    this.#sessions.delete(id)
    return null
  }

  /** Keeps a session, at its present size, for another idle time. */
  keep(session: FeedSession): void {
    // Setting the value that is there would keep the size that it had.
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
    if (!this.#sessions.has(session.id)) return
    this.#expiresAtMs.set(session.id, this.#now() + this.idleMs)
  }

  /** Epoch ms; 0 for a session that is not kept. */
  expiresAtMs(id: string): number {
    return this.#expiresAtMs.get(id) ?? 0
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Entries of all sessions, and one for each session. */
  get entryCount(): number {
    return this.#sessions.calculatedSize
  }
}
