import { sql } from 'kysely'
import type { Database } from './database.ts'

/** What made the demo world that fills this database. */
export interface DemoWorldMarker {
  readonly seed: number
  readonly scale: number
  /** The world's "now". */
  readonly generatedAtMs: number
  /** Null = its import was begun and has not finished. */
  readonly importedAtMs: number | null
}

/** `somebody-else`: there are users, and the demo world did not bring them. */
export type DatabaseContent = 'empty' | 'demo-world' | 'somebody-else'

export async function readDemoWorldMarker(database: Database): Promise<DemoWorldMarker | null> {
  const row = await database.kysely
    .selectFrom('demo_world')
    .select(['seed', 'scale', 'generated_at_ms', 'imported_at_ms'])
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    seed: row.seed,
    scale: row.scale,
    generatedAtMs: Number(row.generated_at_ms),
    importedAtMs: row.imported_at_ms === null ? null : Number(row.imported_at_ms),
  }
}

/** Whose data a migrated database holds. */
export async function readDatabaseContent(database: Database): Promise<DatabaseContent> {
  const { rows } = await sql<{ is_demo: boolean; has_rows: boolean }>`
    select exists (select from demo_world) as is_demo,
      exists (select from users) or exists (select from posts) or exists (select from follows)
        as has_rows`.execute(database.kysely)
  if (rows[0]?.is_demo === true) return 'demo-world'
  return rows[0]?.has_rows === true ? 'somebody-else' : 'empty'
}

/**
 * Marks an empty database as the demo world's, before its import, or renews the marker of one that
 * is, after it (with `importedAtMs`).
 *
 * @throws when the database holds somebody else's data: the demo world never touches that.
 */
export async function markDemoWorld(database: Database, marker: DemoWorldMarker): Promise<void> {
  if ((await readDatabaseContent(database)) === 'somebody-else') {
    throw new Error(
      'This database holds data that the demo world did not bring, so it is left alone: ' +
        'point DATABASE_URL or HOMEFEED_DATA_DIR at an empty one.',
    )
  }
  const values = {
    seed: marker.seed,
    scale: marker.scale,
    generated_at_ms: marker.generatedAtMs,
    imported_at_ms: marker.importedAtMs,
  }
  await database.kysely
    .insertInto('demo_world')
    .values(values)
    .onConflict((conflict) => conflict.column('is_only').doUpdateSet(values))
    .execute()
}

const WORLD_TABLES = [
  'users',
  'follows',
  'blocks',
  'mutes',
  'muted_reposts',
  'subscriptions',
  'muted_keywords',
  'followed_topics',
  'topics',
  'posts',
  'media',
  'post_topics',
  'post_counts',
  'visibility_labels',
  'takedowns',
  'engagements',
  'impressions',
  'served',
  'served_modules',
  'seen_generations',
  'viewer_requests',
  'author_served',
  'exposures',
  'outbox',
  'processed_events',
  'import_progress',
  'demo_world',
] as const

/**
 * Empties every table of a database that the demo world filled.
 *
 * @throws when it is somebody else's.
 */
export async function clearDemoWorld(database: Database): Promise<void> {
  if ((await readDatabaseContent(database)) === 'somebody-else') {
    throw new Error('This database was not filled by the demo world, so it is not emptied.')
  }
  const tables = sql.join(WORLD_TABLES.map((table) => sql.table(table)))
  await sql`truncate ${tables}`.execute(database.kysely)
}
