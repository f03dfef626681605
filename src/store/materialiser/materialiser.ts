import type { Kysely } from 'kysely'
import type { BackoffLimits } from '../../events/backoff.ts'
import { createDeadLetter, type Rejection } from '../../events/create-dead-letter.ts'
import type { ConsumedRecord, EventLog, PartitionPosition, Topic } from '../../events/event-log.ts'
import type { Database } from '../database.ts'
import { ExclusiveReader, type ExclusiveBatch } from '../exclusive-reader.ts'
import type { Tables } from '../tables.ts'
import { UnusableEventError } from './field-checks.ts'
import type { MaterialiserPart } from './materialiser-part.ts'

export interface MaterialiserOptions<T> {
  readonly part: MaterialiserPart<T>
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

/** Classes of SQLSTATE that no second try helps: data exceptions, violated constraints. */
const REFUSALS = /^2[23]/

function refusalOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && REFUSALS.test(code) ? `refused_by_database ${code}` : null
}

interface DecodedRecord<T> {
  readonly record: ConsumedRecord
  readonly change: T
}

/**
 * Writes what its part takes from the log to the tables. One process of all does, under an advisory
 * lock; what it wrote and how far it came are one transaction. What cannot be written becomes a
 * dead letter. Writes no outbox: the events are in the log already.
 */
export class Materialiser<T> {
  readonly #options: MaterialiserOptions<T>
  readonly #reader: ExclusiveReader
  readonly #rejected = new Map<string, number>()
  #applied = 0
  #ignored = 0

  constructor(options: MaterialiserOptions<T>) {
    this.#options = options
    this.#reader = new ExclusiveReader({
      ...options,
      lock: options.part.lock,
      reader: options.part.reader,
      topics: options.part.topics,
      handle: (batch) => this.#handle(batch),
    })
  }

  /**
   * Resolves when this process, as the one that writes, has written all that the log held when it
   * began to; rejects when it is closed before.
   */
  get caughtUp(): Promise<void> {
    return this.#reader.caughtUp
  }

  stats(): MaterialiserStats {
    const { isLeader, failures, lastError } = this.#reader
    return {
      isLeader,
      failures,
      lastError,
      applied: this.#applied,
      ignored: this.#ignored,
      rejected: Object.fromEntries(this.#rejected),
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #handle({ session, topic, records, positions }: ExclusiveBatch): Promise<void> {
    const { part, nowMs } = this.#options
    const decoded: DecodedRecord<T>[] = []
    const rejections: Rejection[] = []
    for (const record of records) {
      try {
        decoded.push({ record, change: part.decode(topic, record, nowMs()) })
      } catch (error) {
        if (!(error instanceof UnusableEventError)) throw error
        rejections.push({ record, reason: error.reason })
      }
    }
    // Letters first: a batch that is written does not come again.
    await this.#bury(topic, rejections)
    await this.#write(session, topic, { decoded, positions })
  }

  /** At once; one by one when the database refuses the data of one. */
  async #write(
    session: Kysely<Tables>,
    topic: Topic,
    work: {
      readonly decoded: readonly DecodedRecord<T>[]
      readonly positions: readonly PartitionPosition[]
    },
  ): Promise<void> {
    const { decoded, positions } = work
    const { part } = this.#options
    const nowMs = this.#options.nowMs()
    const changes = decoded.map(({ change }) => change)
    try {
      const applied = await part.write(session, changes, { topic, nowMs, positions })
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
      await part.write(session, [], { topic, nowMs, positions })
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
    this.#applied += applied
    this.#ignored += ignored
  }
}
