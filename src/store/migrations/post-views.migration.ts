import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How often a post was seen, counted from the impressions that are there. */
export const postViewsMigration: Migration = {
  async up(database: Kysely<unknown>) {
    await sql`
      alter table post_counts add column views integer not null default 0`.execute(database)
    await sql`
      insert into post_counts (post_id, views)
      select coalesce(posts.repost_of_post_id, impressions.post_id), count(*)
      from impressions left join posts on posts.id = impressions.post_id
      group by 1
      on conflict (post_id) do update set views = excluded.views`.execute(database)
  },
}
