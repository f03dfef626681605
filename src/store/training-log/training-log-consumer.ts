import { sql, type Kysely } from 'kysely'
import type { BackoffLimits } from '../../events/backoff.ts'
import type { EventLog, Topic } from '../../events/event-log.ts'
import { ADVISORY_LOCKS } from '../advisory-lock.ts'
import type { Database } from '../database.ts'
import { UnusableEventError } from '../materialiser/field-checks.ts'
import { ExclusiveReader, type ExclusiveBatch } from '../exclusive-reader.ts'
import { writePositions } from '../log-positions.ts'
import type { Tables } from '../tables.ts'
import { decodeLoggedEvent } from './decode-logged-event.ts'
import { landActions, landImpressions } from './land-events.ts'
import { hourOf, HOUR_MS } from './log-hour.ts'
import type { LoggedAction, LoggedEvent, LoggedImpression } from './logged-event.ts'
import { closeHours, readOpenHours, readTrainingLogState } from './training-log-state.ts'
import { TRAINING_LOG_PARAMS } from './training-log.params.ts'
import { writeHour } from './write-hour.ts'

export interface TrainingLogConsumerOptions {
  readonly database: Database
  readonly log: EventLog
  /** Where the Parquet files go. Processes that share a database must share it too. */
  readonly directory: string
  readonly nowMs: () => number
  readonly checkIntervalMs?: number
  readonly backoff?: BackoffLimits
}

export interface TrainingLogStats {
  readonly isLeader: boolean
  /** Events taken in, those that came twice included. */
  readonly landed: number
  /** Events of an hour that was final before they came: lost to the log. */
  readonly late: number
  /** Events that say something impossible, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** Rows written to files. */
  readonly written: number
  /** Hours that could not be written, and ends of the connection; each is tried again. */
  readonly failures: number
  readonly lastError: unknown
}

const READER = 'training-log'
const TOPICS = ['impressions', 'engagements'] as const satisfies readonly Topic[]

/**
 * Makes the training log of what was shown and done. One process of all does, under an advisory
 * lock. Rows lie in tables until nothing more can come of them: an hour whose newest impression is
 * older than the outcome window and a grace is written as Parquet, then leaves the tables.
 */
export class TrainingLogConsumer {
  readonly #options: TrainingLogConsumerOptions
  readonly #reader: ExclusiveReader
  readonly #rejected = new Map<string, number>()
  #landed = 0
  #late = 0
  #written = 0
  #failures = 0
  #lastError: unknown = null

  constructor(options: TrainingLogConsumerOptions) {
    this.#options = options
    this.#reader = new ExclusiveReader({
      checkIntervalMs: TRAINING_LOG_PARAMS.checkIntervalMs,
      ...options,
      lock: ADVISORY_LOCKS.trainingLog,
      reader: READER,
      topics: TOPICS,
      handle: (batch) => this.#handle(batch),
      pause: (session, upToDateAtMs) => this.#writeFinalHours(session, upToDateAtMs),
    })
  }

  /** As `ExclusiveReader.caughtUp`. */
  get caughtUp(): Promise<void> {
    return this.#reader.caughtUp
  }

  stats(): TrainingLogStats {
    const { isLeader, failures, lastError } = this.#reader
    return {
      isLeader,
      landed: this.#landed,
      late: this.#late,
      written: this.#written,
      rejected: Object.fromEntries(this.#rejected),
      failures: failures + this.#failures,
      lastError: this.#lastError ?? lastError,
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #handle({ session, topic, records, positions }: ExclusiveBatch): Promise<void> {
    const events: LoggedEvent[] = []
    const untilMs = this.#options.nowMs() + TRAINING_LOG_PARAMS.clockSkewMs
    for (const record of records) {
      try {
        const event = decodeLoggedEvent(record)
        if (event.atMs <= untilMs) events.push(event)
        else this.#countRejected('in_the_future')
      } catch (error) {
        if (!(error instanceof UnusableEventError)) throw error
        this.#countRejected(error.reason)
      }
    }
    const { finalUntilMs } = await readTrainingLogState(session)
    const open = events.filter(({ atMs }) => atMs >= finalUntilMs)
    const isImpression = (event: LoggedEvent): event is LoggedImpression =>
      event.kind === 'impression'
    const isAction = (event: LoggedEvent): event is LoggedAction => event.kind === 'action'
    await session.transaction().execute(async (transaction) => {
      await landImpressions(transaction, open.filter(isImpression))
      await landActions(transaction, open.filter(isAction))
      await writePositions(transaction, { reader: READER, topic }, positions)
    })
    this.#landed += open.length
    this.#late += events.length - open.length
  }

  #countRejected(reason: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  /** A full disk must not end the reading: what cannot be written now stays in the tables. */
  async #writeFinalHours(session: Kysely<Tables>, upToDateAtMs: number): Promise<void> {
    await sql`select 1`.execute(session)
    const { outcomeWindowMs, graceMs } = TRAINING_LOG_PARAMS
    // By what the log has told, not by the clock: a reader that lags closes no hour too early.
    const knownMs = Math.min(this.#options.nowMs(), upToDateAtMs)
    const finalUntilMs = hourOf(knownMs - outcomeWindowMs - graceMs)
    if (finalUntilMs <= 0) return
    try {
      await this.#writeHoursUntil(session, finalUntilMs)
      this.#lastError = null
    } catch (error) {
      this.#failures += 1
      this.#lastError = error
    }
  }

  async #writeHoursUntil(session: Kysely<Tables>, finalUntilMs: number): Promise<void> {
    const { directory } = this.#options
    const state = await readTrainingLogState(session)
    if (state.finalUntilMs >= finalUntilMs) return
    const prefix = `part-${state.installation}`
    for (const hourMs of await readOpenHours(session, finalUntilMs)) {
      const rows = await writeHour(session, { directory, hourMs, prefix, isFinal: true })
      await closeHours(session, hourMs + HOUR_MS)
      this.#written += rows.impressions + rows.actions
    }
    await closeHours(session, finalUntilMs)
  }
}
