import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  // The post that a repost shows; null = the post itself, or not known.
  'alter table impressions add column original_post_id bigint',
  `create table seen_generations (
    viewer_id bigint not null,
    generation integer not null,
    words bytea not null,
    size_cap integer not null,
    false_positive_rate double precision not null,
    items integer not null,
    written_at_ms bigint not null,
    primary key (viewer_id, generation)
  )`,
  `create table viewer_requests (
    viewer_id bigint primary key,
    times_ms bigint[] not null
  )`,
  `create table author_served (
    day integer not null,
    author_id bigint not null,
    served bigint not null,
    out_of_network bigint not null,
    primary key (day, author_id)
  )`,
  // Impressions expected and not reported: for operators, nothing here reads it.
  `create view unreported_posts as
    select viewer_id, post_id, source, request_id, position, served_at_ms from served
    where not exists (
      select 1 from impressions
      where impressions.viewer_id = served.viewer_id and impressions.post_id = served.post_id
        and impressions.at_ms >= served.served_at_ms - 60000
    )`,
]

/** What viewers saw and asked, and of whom they were served. */
export const seenMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
