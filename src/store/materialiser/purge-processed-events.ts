import type { Database } from '../database.ts'

/** Longer than a log usually keeps its records; afterwards versions still tell old from new. */
const KEPT_MS = 14 * 86_400_000

/** Forgets the ids of events that were written long ago; returns how many. */
export async function purgeProcessedEvents(database: Database, nowMs: number): Promise<number> {
  const result = await database.kysely
    .deleteFrom('processed_events')
    .where('processed_at_ms', '<', String(nowMs - KEPT_MS))
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
