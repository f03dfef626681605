import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  // Wider than bigint: the outbox counts by transaction and row.
  `create table log_positions (
    reader text not null,
    topic text not null,
    partition integer not null,
    position numeric not null,
    primary key (reader, topic, partition)
  )`,
  `create table entity_versions (
    entity text primary key,
    version bigint not null,
    is_active boolean not null
  )`,
  'create index processed_events_time on processed_events (processed_at_ms)',
]

/** What the outbox relay and the materialiser remember. */
export const logPositionsMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
