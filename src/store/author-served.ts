/** How often each author's posts were served: counted in process, written once a minute. */
import { sql } from 'kysely'
import type { UserId } from '../ids.ts'
import type { Database } from './database.ts'
import { namesOf, unnest, type UnnestColumn } from './import/unnest.ts'
import type { ServedRecord, ServedSource } from './viewer-store.ts'

export const AUTHOR_SERVED_PARAMS = {
  /** ms between writes: what a killed process may lose. Guess. */
  flushIntervalMs: 60_000,
  /** Authors counted between two writes; a further one is dropped and counted. Guess. */
  authorsMax: 100_000,
  /** Days of counts that are kept. Guess. */
  daysKept: 30,
} as const

const DAY_MS = 86_400_000

export interface AuthorServedOptions {
  readonly database: Database
  readonly flushIntervalMs: number
  readonly authorsMax: number
  readonly daysKept: number
  readonly nowMs: () => number
  /** Told about a write that failed: its counts stay for the next. */
  readonly onFailure: (error: unknown) => void
}

/** Posts served of one author on one UTC day. */
export interface AuthorServedDay {
  /** Epoch ms of its midnight. */
  readonly startMs: number
  readonly served: number
  /** Of them, to viewers who did not follow the author or the reposter. */
  readonly outOfNetwork: number
}

/** A row of `author_served`. */
export interface AuthorServedRow {
  readonly author_id: string
  readonly day: number
  readonly served: string
  readonly out_of_network: string
}

/** Today and the days before it of which counts are kept, in days since 1970. */
export function keptDaysOf(nowMs: number): readonly number[] {
  const today = Math.floor(nowMs / DAY_MS)
  return Array.from({ length: AUTHOR_SERVED_PARAMS.daysKept + 1 }, (_, ago) => today - ago)
}

/** Counts are exact up to 2^53. */
export function toAuthorServedDay(row: AuthorServedRow): AuthorServedDay {
  return {
    startMs: row.day * DAY_MS,
    served: Number(row.served),
    outOfNetwork: Number(row.out_of_network),
  }
}

export interface AuthorServedStats {
  /** Posts returned since the start, each of which a client should report, by source. */
  readonly served: Readonly<Record<ServedSource, number>>
  /** Posts whose author found no room between two writes. */
  readonly dropped: number
}

interface Pending {
  readonly day: number
  readonly authorId: UserId
  served: number
  outOfNetwork: number
}

const COLUMNS: readonly UnnestColumn<Pending>[] = [
  { name: 'day', type: 'integer', value: ({ day }) => day },
  { name: 'author_id', type: 'bigint', value: ({ authorId }) => authorId },
  { name: 'served', type: 'bigint', value: ({ served }) => served },
  { name: 'out_of_network', type: 'bigint', value: ({ outOfNetwork }) => outOfNetwork },
]

export class AuthorServed {
  readonly #options: AuthorServedOptions
  readonly #served: Record<ServedSource, number> = { in_network: 0, retrieval: 0, explored: 0 }
  readonly #timer: NodeJS.Timeout
  #pending = new Map<string, Pending>()
  #dropped = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(options: AuthorServedOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.flush(), options.flushIntervalMs).unref()
  }

  /** Counts a page; costs no statement. */
  add({ servedAtMs, posts }: Pick<ServedRecord, 'servedAtMs' | 'posts'>): void {
    const day = Math.floor(servedAtMs / DAY_MS)
    for (const { authorId, source } of posts) {
      this.#served[source] += 1
      this.#count({ day, authorId, served: 1, outOfNetwork: source === 'in_network' ? 0 : 1 })
    }
  }

  stats(): AuthorServedStats {
    return { served: { ...this.#served }, dropped: this.#dropped }
  }

  /** Writes what was counted since the last write; never rejects. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  #count(more: Pending): void {
    const key = `${more.day}/${more.authorId}`
    const known = this.#pending.get(key)
    if (known !== undefined) {
      known.served += more.served
      known.outOfNetwork += more.outOfNetwork
    } else if (this.#pending.size < this.#options.authorsMax) this.#pending.set(key, { ...more })
    else this.#dropped += more.served
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return
    const { database, daysKept, nowMs, onFailure } = this.#options
    const counts = [...this.#pending.values()]
    this.#pending = new Map()
    const firstDay = Math.floor(nowMs() / DAY_MS) - daysKept
    try {
      // In one order everywhere: two gateways that count the same authors must not lock each other.
      await sql`
        with forgotten as (delete from author_served where day < ${firstDay})
        insert into author_served as known (${namesOf(COLUMNS)})
        select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, counts)} order by day, author_id
        on conflict (day, author_id) do update set served = known.served + excluded.served,
          out_of_network = known.out_of_network + excluded.out_of_network`.execute(database.kysely)
    } catch (error) {
      for (const count of counts) this.#count(count)
      onFailure(error)
    }
  }
}
