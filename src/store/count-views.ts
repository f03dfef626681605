import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Adds impressions to the counts of the posts seen: `postIds` holds one entry for each row that was
 * newly written to `impressions`, as shown. A repost's count for its original, whose content was
 * seen. In the transaction that writes the rows, or a repeated event would count twice.
 */
export async function countViews(
  transaction: Kysely<Tables>,
  postIds: readonly string[],
): Promise<void> {
  if (postIds.length === 0) return
  await sql`
    insert into post_counts (post_id, views)
    select coalesce(posts.repost_of_post_id, seen.post_id) as counted_id, count(*)
    from unnest(${postIds}::bigint[]) as seen(post_id) left join posts on posts.id = seen.post_id
    group by counted_id order by counted_id
    on conflict (post_id) do update set views = post_counts.views + excluded.views`.execute(
    transaction,
  )
}
