import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** A feed of topics begins with the posts that are about them. */
export const postsOfTopicsMigration: Migration = {
  async up(database: Kysely<unknown>) {
    await sql`create index post_topics_topic on post_topics (topic_id, post_id)`.execute(database)
  },
}
