import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is popular now is looked for among the posts of two days. */
export const recentPostsMigration: Migration = {
  async up(database: Kysely<unknown>) {
    await sql`create index posts_created on posts (created_at_ms)`.execute(database)
  },
}
