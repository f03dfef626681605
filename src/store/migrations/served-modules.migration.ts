import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  `create table served_modules (
    viewer_id bigint not null,
    served_at_ms bigint not null,
    module text not null,
    user_ids bigint[] not null,
    primary key (viewer_id, served_at_ms, module)
  )`,
  `create index follows_newest
    on follows (follower_id, created_at_ms desc nulls last, followee_id desc)`,
  'create index follows_followers on follows (followee_id, follower_id desc)',
  'drop index follows_followee',
]

/**
 * Which modules each viewer was shown, for fatigue; and follows in both directions in an order, so
 * that accounts are suggested from the first few of each list, however long it is.
 */
export const servedModulesMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
