import { sql, type Kysely } from 'kysely'
import { backoffMs, type BackoffLimits } from '../events/backoff.ts'
import type {
  ConsumedRecord,
  EventLog,
  PartitionPosition,
  Subscription,
  Topic,
} from '../events/event-log.ts'
import { WakeUp } from '../events/wake-up.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import type { Database } from './database.ts'
import { readPositions } from './log-positions.ts'
import type { Tables } from './tables.ts'

/** One batch of one topic, with the connection that holds the lock. */
export interface ExclusiveBatch {
  readonly session: Kysely<Tables>
  readonly topic: Topic
  readonly records: readonly ConsumedRecord[]
  /** Where the reader is after it: to be written with what the batch changes. */
  readonly positions: readonly PartitionPosition[]
}

export interface ExclusiveReaderOptions {
  readonly database: Database
  readonly log: EventLog
  /** Of `ADVISORY_LOCKS`. */
  readonly lock: number
  /** Its name in `log_positions`. */
  readonly reader: string
  readonly topics: readonly Topic[]
  /** A rejection brings the batch again. */
  readonly handle: (batch: ExclusiveBatch) => Promise<void>
  /** Called between batches, again and again while the lock is held. */
  readonly pause?: (session: Kysely<Tables>, upToDateAtMs: number) => Promise<void>
  /** Ms between looks for the lock, and at whether it is still held. */
  readonly checkIntervalMs?: number
  readonly backoff?: BackoffLimits
}

const DEFAULTS = { checkIntervalMs: 1_000, backoff: { firstMs: 100, longestMs: 5_000 } }
const STATEMENT_MS_MAX = 30_000

async function stillThere(session: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(session)
}

/**
 * Reads topics in one process of all: the one that holds an advisory lock. All work is done on
 * the connection that holds it, one thing at a time, so a lost lock shows as a failed statement.
 */
export class ExclusiveReader {
  /**
   * Resolves when this process, as the one that reads, has handled all that the log held when it
   * began to; rejects when it is closed before.
   */
  readonly caughtUp: Promise<void>
  readonly #options: Required<Omit<ExclusiveReaderOptions, 'pause'>> & ExclusiveReaderOptions
  readonly #name: string
  readonly #closing = new WakeUp()
  readonly #running: Promise<void>
  #isClosed = false
  #isLeader = false
  #failures = 0
  #lastError: unknown = null
  /** The tail of the queue for the one connection. */
  #queue: Promise<unknown> = Promise.resolve()
  #resolveCaughtUp: () => void = () => undefined
  #rejectCaughtUp: (reason: Error) => void = () => undefined

  constructor(options: ExclusiveReaderOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#name = options.reader
    this.caughtUp = new Promise((resolve, reject) => {
      this.#resolveCaughtUp = resolve
      this.#rejectCaughtUp = reject
    })
    // Who does not wait for it must not be killed by its rejection.
    this.caughtUp.catch(() => undefined)
    this.#running = this.#run()
  }

  /** Whether this process holds the lock: one of all does. */
  get isLeader(): boolean {
    return this.#isLeader
  }

  /** Leases of the lock that ended with an error; each was tried again. */
  get failures(): number {
    return this.#failures
  }

  get lastError(): unknown {
    return this.#lastError
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#closing.wake()
    await this.#running
    this.#rejectCaughtUp(new Error(`the ${this.#name} was closed`))
  }

  async #run(): Promise<void> {
    const { database, lock, checkIntervalMs, backoff } = this.#options
    const own = database.withQueryTimeout(STATEMENT_MS_MAX)
    let failures = 0
    while (!this.#isClosed) {
      try {
        await withAdvisoryLock(own.kysely, lock, async (session) => {
          failures = 0
          await this.#lead(session)
        })
        if (!this.#isClosed) await this.#closing.sleep(checkIntervalMs)
      } catch (error) {
        failures += 1
        this.#failures += 1
        this.#lastError = error
        if (!this.#isClosed) await this.#closing.sleep(backoffMs(failures, backoff))
      }
    }
    await own.close()
  }

  /** While the lock is held: reads all topics, and asks now and then whether the session lives. */
  async #lead(session: Kysely<Tables>): Promise<void> {
    const { log, reader, topics, checkIntervalMs, pause } = this.#options
    const subscriptions: Subscription[] = []
    try {
      for (const topic of topics) {
        const positions = await readPositions(session, { reader, topic })
        const handle = (records: readonly ConsumedRecord[]) =>
          this.#inTurn(() =>
            this.#options.handle({ session, topic, records, positions: positionsAfter(records) }),
          )
        subscriptions.push(await log.subscribe(topic, { kind: 'positions', positions }, handle))
      }
      this.#isLeader = true
      Promise.all(subscriptions.map(({ caughtUp }) => caughtUp)).then(
        () => this.#resolveCaughtUp(),
        () => undefined,
      )
      while (!this.#isClosed) {
        await this.#closing.sleep(checkIntervalMs)
        const upToDateAtMs = Math.min(...subscriptions.map((each) => each.upToDateAtMs()))
        await this.#inTurn(() => pause?.(session, upToDateAtMs) ?? stillThere(session))
      }
    } finally {
      this.#isLeader = false
      await Promise.all(subscriptions.map((subscription) => subscription.close()))
      await this.#queue.catch(() => undefined)
    }
  }

  /** The lock's connection does one thing at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work)
    this.#queue = turn.catch(() => undefined)
    return turn
  }
}

/** Of each partition of a batch: the record after its last. */
function positionsAfter(batch: readonly ConsumedRecord[]): readonly PartitionPosition[] {
  const last = new Map(batch.map(({ partition, offset }) => [partition, offset + 1n]))
  return [...last].map(([partition, offset]) => ({ partition, offset }))
}
