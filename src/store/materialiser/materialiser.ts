import { sql, type Kysely } from 'kysely'
import { backoffMs, type BackoffLimits } from '../../events/backoff.ts'
import { createDeadLetter, type Rejection } from '../../events/create-dead-letter.ts'
import type {
  ConsumedRecord,
  EventLog,
  PartitionPosition,
  Subscription,
  Topic,
} from '../../events/event-log.ts'
import { WakeUp } from '../../events/wake-up.ts'
import { ADVISORY_LOCKS, withAdvisoryLock } from '../advisory-lock.ts'
import type { Database } from '../database.ts'
import { readPositions } from '../log-positions.ts'
import type { Tables } from '../tables.ts'
import type { Change } from './change.ts'
import { decodeChange } from './decode-change.ts'
import { UnusableEventError } from './field-checks.ts'
import { MATERIALISER, writeChanges } from './write-changes.ts'

export interface MaterialiserOptions {
  readonly database: Database
  readonly log: EventLog
  readonly nowMs: () => number
  /** Ms between looks for the lock, and at whether it is still held. */
  readonly checkIntervalMs?: number
  readonly backoff?: BackoffLimits
}

export interface MaterialiserStats {
  /** Whether this process holds the lock: one of all writes. */
  readonly isLeader: boolean
  /** Events that changed a table. */
  readonly applied: number
  /** Events that had come before, or whose entity had moved on. */
  readonly ignored: number
  /** Events that became dead letters, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  readonly failures: number
  readonly lastError: unknown
}

const TOPICS = ['posts', 'engagements', 'relations'] as const satisfies readonly Topic[]
const DEFAULTS = { checkIntervalMs: 1_000, backoff: { firstMs: 100, longestMs: 5_000 } }
const STATEMENT_MS_MAX = 30_000
/** Classes of SQLSTATE that no second try helps: data exceptions, violated constraints. */
const REFUSALS = /^2[23]/

function refusalOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && REFUSALS.test(code) ? `refused_by_database ${code}` : null
}

interface DecodedRecord {
  readonly record: ConsumedRecord
  readonly change: Change
}

/**
 * Writes the posts, engagements and relations of the log to the tables: for a system that owns the
 * writes and publishes events. One process of all does, under an advisory lock; what it wrote and
 * how far it came are one transaction. Writes no outbox: the events are in the log already.
 */
export class Materialiser {
  /**
   * Resolves when this process, as the one that writes, has written all that the log held when it
   * began to; rejects when it is closed before.
   */
  readonly caughtUp: Promise<void>
  readonly #options: Required<MaterialiserOptions>
  readonly #closing = new WakeUp()
  readonly #running: Promise<void>
  #isClosed = false
  /** The tail of the queue for the one connection. */
  #queue: Promise<unknown> = Promise.resolve()
  #resolveCaughtUp: () => void = () => undefined
  #rejectCaughtUp: (reason: Error) => void = () => undefined
  #rejected = new Map<string, number>()
  #stats = { isLeader: false, applied: 0, ignored: 0, failures: 0, lastError: null as unknown }

  constructor(options: MaterialiserOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.caughtUp = new Promise((resolve, reject) => {
      this.#resolveCaughtUp = resolve
      this.#rejectCaughtUp = reject
    })
    // Who does not wait for it must not be killed by its rejection.
    this.caughtUp.catch(() => undefined)
    this.#running = this.#run()
  }

  stats(): MaterialiserStats {
    return { ...this.#stats, rejected: Object.fromEntries(this.#rejected) }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#closing.wake()
    await this.#running
    this.#rejectCaughtUp(new Error('the materialiser was closed'))
  }

  async #run(): Promise<void> {
    const { database, checkIntervalMs, backoff } = this.#options
    const own = database.withQueryTimeout(STATEMENT_MS_MAX)
    let failures = 0
    while (!this.#isClosed) {
      try {
        await withAdvisoryLock(own.kysely, ADVISORY_LOCKS.materialiser, async (session) => {
          failures = 0
          await this.#lead(session)
        })
        if (!this.#isClosed) await this.#closing.sleep(checkIntervalMs)
      } catch (error) {
        failures += 1
        this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastError: error }
        if (!this.#isClosed) await this.#closing.sleep(backoffMs(failures, backoff))
      }
    }
    await own.close()
  }

  /** While the lock is held: reads all topics, and asks now and then whether the session lives. */
  async #lead(session: Kysely<Tables>): Promise<void> {
    const { log, checkIntervalMs } = this.#options
    const subscriptions: Subscription[] = []
    try {
      for (const topic of TOPICS) {
        const positions = await readPositions(session, { reader: MATERIALISER, topic })
        const handle = (batch: readonly ConsumedRecord[]) =>
          this.#inTurn(() => this.#handle(session, topic, batch))
        subscriptions.push(await log.subscribe(topic, { kind: 'positions', positions }, handle))
      }
      this.#stats = { ...this.#stats, isLeader: true }
      Promise.all(subscriptions.map(({ caughtUp }) => caughtUp)).then(
        () => this.#resolveCaughtUp(),
        () => undefined,
      )
      while (!this.#isClosed) {
        await this.#closing.sleep(checkIntervalMs)
        await this.#inTurn(() => sql`select 1`.execute(session))
      }
    } finally {
      this.#stats = { ...this.#stats, isLeader: false }
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

  async #handle(
    session: Kysely<Tables>,
    topic: Topic,
    batch: readonly ConsumedRecord[],
  ): Promise<void> {
    const decoded: DecodedRecord[] = []
    const rejections: Rejection[] = []
    for (const record of batch) {
      try {
        decoded.push({ record, change: decodeChange(topic, record) })
      } catch (error) {
        if (!(error instanceof UnusableEventError)) throw error
        rejections.push({ record, reason: error.reason })
      }
    }
    // Letters first: a batch that is written does not come again.
    await this.#bury(topic, rejections)
    await this.#write(session, topic, { decoded, positions: positionsAfter(batch) })
  }

  /** At once; one by one when the database refuses the data of one. */
  async #write(
    session: Kysely<Tables>,
    topic: Topic,
    work: {
      readonly decoded: readonly DecodedRecord[]
      readonly positions: readonly PartitionPosition[]
    },
  ): Promise<void> {
    const { decoded, positions } = work
    const nowMs = this.#options.nowMs()
    const changes = decoded.map(({ change }) => change)
    try {
      const applied = await writeChanges(session, changes, { topic, nowMs, positions })
      this.#count(applied, changes.length - applied)
    } catch (error) {
      const reason = refusalOf(error)
      const [first] = decoded
      if (reason === null || first === undefined) throw error
      if (decoded.length > 1) {
        for (const one of decoded) {
          await this.#write(session, topic, { decoded: [one], positions: [] })
        }
      } else {
        await this.#bury(topic, [{ record: first.record, reason }])
      }
      await writeChanges(session, [], { topic, nowMs, positions })
    }
  }

  async #bury(topic: Topic, rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length === 0) return
    const { log, nowMs } = this.#options
    await log.publish(rejections.map((rejection) => createDeadLetter(topic, rejection, nowMs())))
    for (const { reason } of rejections) {
      this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
    }
  }

  #count(applied: number, ignored: number): void {
    this.#stats = {
      ...this.#stats,
      applied: this.#stats.applied + applied,
      ignored: this.#stats.ignored + ignored,
    }
  }
}

/** Of each partition of a batch: the record after its last. */
function positionsAfter(batch: readonly ConsumedRecord[]): readonly PartitionPosition[] {
  const last = new Map(batch.map(({ partition, offset }) => [partition, offset + 1n]))
  return [...last].map(([partition, offset]) => ({ partition, offset }))
}
