import { sql } from 'kysely'
import type { Database } from '../database.ts'

/**
 * What needs all files together: authors of engagements and impressions that only the posts know,
 * follower counts, and the planner's statistics (PGlite has nobody else to gather them).
 * Doing it twice changes nothing.
 */
export async function settleImport(database: Database): Promise<void> {
  const { kysely } = database
  for (const table of ['engagements', 'impressions']) {
    await sql`
      update ${sql.table(table)} as given set post_author_id = posts.author_id
      from posts where given.post_author_id is null and posts.id = given.post_id`.execute(kysely)
  }
  await sql`
    update users set followers_count = counted.followers
    from (
      select u.id, coalesce(u.followers_count_given, count(f.follower_id)::integer) as followers
      from users u left join follows f on f.followee_id = u.id
      group by u.id
    ) counted
    where counted.id = users.id and counted.followers <> users.followers_count`.execute(kysely)
  await sql`analyze`.execute(kysely)
}
