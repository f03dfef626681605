import type { Kysely } from 'kysely'
import { backoffMs, type BackoffLimits } from '../events/backoff.ts'
import { createDeadLetter } from '../events/create-dead-letter.ts'
import type { EncodedRecord, EventLog } from '../events/event-log.ts'
import type { OutboxRow } from '../events/outbox-reader.ts'
import { WakeUp } from '../events/wake-up.ts'
import { ADVISORY_LOCKS, withAdvisoryLock } from './advisory-lock.ts'
import type { Database } from './database.ts'
import { readPositions, writePositions } from './log-positions.ts'
import { createOutboxReader } from './outbox.ts'
import type { Tables } from './tables.ts'

export interface OutboxRelayOptions {
  readonly database: Database
  /** Where the rows go. Not one that reads the same outbox. */
  readonly log: Pick<EventLog, 'publish'>
  readonly nowMs: () => number
  /** Whether a rejection of `publish` says that the record will never be taken. */
  readonly isRefusal: (error: unknown) => boolean
  /** Ms between looks at the outbox when nobody calls `notify`, and for the lock. */
  readonly pollIntervalMs?: number
  readonly rowsPerRead?: number
  readonly backoff?: BackoffLimits
  /** Ms that `close` waits for what is under way. */
  readonly closeTimeoutMs?: number
}

export interface OutboxRelayStats {
  /** Whether this process holds the lock: one of all does. */
  readonly isLeader: boolean
  readonly published: number
  /** Rows that the log refuses for good; they are dead letters. */
  readonly refused: number
  /** Failed rounds; each was tried again. */
  readonly failures: number
  readonly lastError: unknown
  /** Up to here every row is in the log; 0 = none. */
  readonly position: bigint
}

const OWNER = { reader: 'outbox-relay', topic: 'outbox' }
const DEFAULTS = {
  pollIntervalMs: 250,
  rowsPerRead: 1_000,
  backoff: { firstMs: 100, longestMs: 5_000 },
  closeTimeoutMs: 1_500,
}
/** Bound on each statement of the relay's own connection. */
const STATEMENT_MS_MAX = 10_000

/** The position that the last relay reached; 0 = there was none. */
export async function readRelayPosition(database: Kysely<Tables>): Promise<bigint> {
  const [position] = await readPositions(database, OWNER)
  return position?.offset ?? 0n
}

function toRecord({ topic, key, event, occurredAtMs }: OutboxRow): EncodedRecord {
  return { topic, key, value: event, occurredAtMs }
}

/**
 * Publishes the outbox in commit order. One process of all does, under an advisory lock. It
 * remembers where it is after the log has the rows, so a row may be published twice, and never
 * not at all; readers know an event by its id and its entity's version.
 */
export class OutboxRelay {
  /** Resolves when the rows of the start are in the log, or another process sees to that. */
  readonly started: Promise<void>
  readonly #options: Required<OutboxRelayOptions>
  readonly #news = new WakeUp()
  /** Apart from news: those must not cut the pauses between tries short. */
  readonly #closing = new WakeUp()
  readonly #running: Promise<void>
  #resolveStarted: () => void = () => undefined
  #isClosed = false
  #stats: OutboxRelayStats = {
    isLeader: false,
    published: 0,
    refused: 0,
    failures: 0,
    lastError: null,
    position: 0n,
  }

  constructor(options: OutboxRelayOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve))
    this.#running = this.#run()
  }

  stats(): OutboxRelayStats {
    return this.#stats
  }

  /** Call after a commit that wrote to the outbox. */
  notify(): void {
    this.#news.wake()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#news.wake()
    this.#closing.wake()
    this.#resolveStarted()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.closeTimeoutMs)
    })
    await Promise.race([this.#running, late])
    clearTimeout(timer)
  }

  async #run(): Promise<void> {
    const { database, backoff, pollIntervalMs } = this.#options
    const own = database.withQueryTimeout(STATEMENT_MS_MAX)
    let failures = 0
    while (!this.#isClosed) {
      try {
        const hadLock = await withAdvisoryLock(own.kysely, ADVISORY_LOCKS.outboxRelay, (session) =>
          this.#lead(session, () => (failures = 0)),
        )
        if (!hadLock) {
          this.#resolveStarted()
          await this.#closing.sleep(pollIntervalMs)
        }
      } catch (error) {
        failures += 1
        this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastError: error }
        if (!this.#isClosed) await this.#closing.sleep(backoffMs(failures, backoff))
      } finally {
        this.#stats = { ...this.#stats, isLeader: false }
      }
    }
    await own.close()
  }

  /** While the lock is held: reads, publishes, remembers. */
  async #lead(session: Kysely<Tables>, onSuccess: () => void): Promise<void> {
    const { rowsPerRead, pollIntervalMs } = this.#options
    const reader = createOutboxReader({ kysely: session })
    const position = await readRelayPosition(session)
    this.#stats = { ...this.#stats, isLeader: true, position }
    while (!this.#isClosed) {
      const rows = await reader.read(this.#stats.position, rowsPerRead)
      const last = rows.at(-1)
      if (last === undefined) {
        this.#resolveStarted()
        await this.#news.sleep(pollIntervalMs)
      } else {
        await this.#publish(rows)
        await writePositions(session, OWNER, [{ partition: 0, offset: last.position }])
        const published = this.#stats.published + rows.length
        this.#stats = { ...this.#stats, published, position: last.position }
      }
      onSuccess()
    }
  }

  /** All at once; one by one when the log will never take one of them. */
  async #publish(rows: readonly OutboxRow[]): Promise<void> {
    const { log, isRefusal } = this.#options
    try {
      await log.publish(rows.map(toRecord))
      return
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
    for (const row of rows) {
      try {
        await log.publish([toRecord(row)])
      } catch (error) {
        if (!isRefusal(error)) throw error
        await this.#bury(row)
      }
    }
  }

  async #bury({ topic, key, event, position }: OutboxRow): Promise<void> {
    const { log, nowMs } = this.#options
    const record = { partition: 0, offset: position, key, value: event }
    await log.publish([createDeadLetter(topic, { record, reason: 'refused_by_log' }, nowMs())])
    this.#stats = { ...this.#stats, refused: this.#stats.refused + 1 }
  }
}
