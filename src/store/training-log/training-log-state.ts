import { sql, type Kysely } from 'kysely'
import type { Tables } from '../tables.ts'
import { HOUR_MS, hourOf } from './log-hour.ts'

export interface TrainingLogState {
  /** Names the parts of this database: those of others may lie beside them. */
  readonly installation: string
  /** Hours before it are final, epoch ms; 0 = none is. */
  readonly finalUntilMs: number
}

export async function readTrainingLogState(database: Kysely<Tables>): Promise<TrainingLogState> {
  const row = await database
    .selectFrom('training_log_state')
    .select(['installation', 'final_until_ms'])
    .executeTakeFirstOrThrow()
  return { installation: row.installation, finalUntilMs: Number(row.final_until_ms) }
}

/** The hours before `untilMs` that rows lie in, oldest first. */
export async function readOpenHours(
  database: Kysely<Tables>,
  untilMs: number,
): Promise<readonly number[]> {
  const { rows } = await sql<{ readonly hour: string }>`
    select distinct (at_ms / ${sql.lit(HOUR_MS)})::text as hour from (
      select at_ms from training_impressions where at_ms < ${untilMs}
      union all select at_ms from training_actions where at_ms < ${untilMs}
    ) as open_rows`.execute(database)
  return rows.map(({ hour }) => Number(hour) * HOUR_MS).toSorted((a, b) => a - b)
}

/** Takes rows before `untilMs` out of the tables; from now on what comes for them is late. */
export async function closeHours(database: Kysely<Tables>, untilMs: number): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const table of ['training_impressions', 'training_actions'] as const) {
      await transaction.deleteFrom(table).where('at_ms', '<', String(untilMs)).execute()
    }
    await sql`update training_log_state
      set final_until_ms = greatest(final_until_ms, ${hourOf(untilMs)})`.execute(transaction)
  })
}
