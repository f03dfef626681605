import { sql } from 'kysely'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventRecord } from '../../../src/events/event-log.ts'
import { InProcessEventLog } from '../../../src/events/in-process-event-log.ts'
import type { Database } from '../../../src/store/database.ts'
import { createOutboxReader, createOutboxWriter } from '../../../src/store/outbox.ts'
import { HOUR_MS } from '../../../src/store/training-log/log-hour.ts'
import { TrainingLogConsumer } from '../../../src/store/training-log/training-log-consumer.ts'
import { readTrainingLogState } from '../../../src/store/training-log/training-log-state.ts'
import { openTestDatabase, type TestDatabase } from '../../postgres.ts'
import { waitFor } from '../../wait-for.ts'
import { HOUR_START_MS, rowsOf } from './training-log-fixtures.ts'

const TABLES = [
  'training_impressions',
  'training_actions',
  'served',
  'posts',
  'outbox',
  'log_positions',
]

/** An empty database with an event log in process, a folder for files, and a clock that we set. */
export class TrainingLogWorld {
  readonly #opened: TestDatabase
  readonly #consumers: TrainingLogConsumer[] = []
  log: InProcessEventLog
  directory = ''
  nowMs = 0

  constructor(opened: TestDatabase) {
    this.#opened = opened
    this.log = this.#createLog()
  }

  static async open(engine: 'pglite' | 'postgres'): Promise<TrainingLogWorld> {
    return new TrainingLogWorld(await openTestDatabase(engine))
  }

  get database(): Database {
    return this.#opened.database
  }

  #createLog(): InProcessEventLog {
    return new InProcessEventLog({
      reader: createOutboxReader(this.database),
      writer: createOutboxWriter(this.database, () => this.nowMs),
      pollIntervalMs: 10,
      backoff: { firstMs: 1, longestMs: 4 },
      nowMs: () => this.nowMs,
    })
  }

  /** Before each test: two hours in, with nothing logged yet. */
  async begin(): Promise<void> {
    await this.log.close()
    this.directory = await mkdtemp(join(tmpdir(), 'homefeed-training-log-'))
    this.nowMs = HOUR_START_MS + 2 * HOUR_MS
    for (const table of TABLES) {
      await sql`delete from ${sql.table(table)}`.execute(this.database.kysely)
    }
    await this.forgetHours()
    this.log = this.#createLog()
  }

  /** After each test. */
  async end(): Promise<void> {
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.close()))
    await this.log.close()
    await rm(this.directory, { recursive: true, force: true })
  }

  close(): Promise<void> {
    return this.#opened.close()
  }

  /** As if no hour had been final yet. */
  async forgetHours(): Promise<void> {
    await sql`update training_log_state set final_until_ms = 0`.execute(this.database.kysely)
  }

  consume(): TrainingLogConsumer {
    const consumer = new TrainingLogConsumer({
      database: this.database,
      log: this.log,
      directory: this.directory,
      nowMs: () => this.nowMs,
      checkIntervalMs: 10,
      backoff: { firstMs: 1, longestMs: 4 },
    })
    this.#consumers.push(consumer)
    return consumer
  }

  async openRows(): Promise<number> {
    const { rows } = await sql<{ readonly count: string }>`
      select (select count(*) from training_impressions)
        + (select count(*) from training_actions) as count`.execute(this.database.kysely)
    return Number(rows[0]?.count)
  }

  /** Publishes, takes in, and waits until the files of the first hour are written. */
  async logAll(...records: readonly EventRecord[]) {
    await this.log.publish(records)
    const consumer = this.consume()
    await consumer.caughtUp
    this.nowMs = HOUR_START_MS + FINAL_AFTER_MS
    const hourEndMs = HOUR_START_MS + HOUR_MS
    const isWritten = async () =>
      (await readTrainingLogState(this.database.kysely)).finalUntilMs >= hourEndMs
    await waitFor(isWritten, { what: 'the hour to be written' })
    await consumer.close()
    return consumer.stats()
  }

  impressions() {
    return rowsOf(this.directory, 'impressions')
  }
}

/** An hour is final this long after its start. */
export const FINAL_AFTER_MS = 26 * HOUR_MS
