import { sql, type Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** Jobs that one process at a time does, by the number of their lock. */
export const ADVISORY_LOCKS = {
  outboxRelay: 7_306_001,
  materialiser: 7_306_002,
  trainingLog: 7_306_003,
  impressions: 7_306_004,
  /** Held for a transaction: whoever writes what viewers have seen. */
  seen: 7_306_005,
} as const

/**
 * Does the work while this database session holds the lock; answers false, without the work, when
 * another process holds it. The lock ends with the session, so the work must use the connection
 * that it gets: its failure says that the lock is lost.
 */
export async function withAdvisoryLock(
  database: Kysely<Tables>,
  lock: number,
  work: (connection: Kysely<Tables>) => Promise<void>,
): Promise<boolean> {
  return database.connection().execute(async (connection) => {
    const { rows } = await sql<{ readonly locked: boolean }>`
      select pg_try_advisory_lock(${lock}::bigint) as locked`.execute(connection)
    if (rows[0]?.locked !== true) return false
    try {
      await work(connection)
      return true
    } finally {
      // A broken session has no lock left.
      await sql`select pg_advisory_unlock(${lock}::bigint)`
        .execute(connection)
        .catch(() => undefined)
    }
  })
}
