/** What was returned to each viewer: written when a page is cut, read when the next is ranked. */
import { sql } from 'kysely'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { Database } from './database.ts'
import type { ServedAuthor, ServedRecord } from './viewer-store.ts'

/** Rows older than this are dropped when the viewer is served again. */
const KEPT_MS = 48 * 3_600_000

interface ServedRange {
  readonly sinceMs: number
  readonly rowsMax: number
}

export async function readServedPostIds(
  database: Database,
  viewerId: UserId,
  { sinceMs, rowsMax }: ServedRange,
): Promise<readonly PostId[]> {
  const { rows } = await sql<{ post_id: string; original_post_id: string }>`
    select post_id, original_post_id from served
    where viewer_id = ${viewerId} and served_at_ms >= ${sinceMs}
    order by served_at_ms desc, request_id, position
    limit ${rowsMax}`.execute(database.kysely)
  return rows
    .flatMap((row) =>
      row.post_id === row.original_post_id ? [row.post_id] : [row.post_id, row.original_post_id],
    )
    .slice(0, rowsMax)
    .map(trustPostId)
}

/** The same page may be written twice (a retry): the first stays. */
/** Whose posts were served: the original's author, for a repost. Posts that are gone count not. */
export async function readServedAuthors(
  database: Database,
  viewerId: UserId,
  { sinceMs, rowsMax }: ServedRange,
): Promise<readonly ServedAuthor[]> {
  const { rows } = await sql<{ author_id: string; served_at_ms: string }>`
    select posts.author_id, served.served_at_ms from (
      select original_post_id, served_at_ms, request_id, position from served
      where viewer_id = ${viewerId} and served_at_ms >= ${sinceMs}
      order by served_at_ms desc, request_id, position
      limit ${rowsMax}
    ) served
    join posts on posts.id = served.original_post_id
    order by served.served_at_ms desc, served.request_id, served.position`.execute(database.kysely)
  return rows.map((row) => ({
    authorId: trustUserId(row.author_id),
    servedAtMs: Number(row.served_at_ms),
  }))
}

export async function writeServed(database: Database, record: ServedRecord): Promise<void> {
  if (record.posts.length === 0) return
  await sql`
    with forgotten as (
      delete from served where viewer_id = ${record.viewerId}
        and served_at_ms < ${record.servedAtMs - KEPT_MS}
    )
    insert into served
      (viewer_id, served_at_ms, request_id, position, post_id, original_post_id)
    select ${record.viewerId}::bigint, ${record.servedAtMs}::bigint, ${record.requestId}::text,
      (page.place - 1)::integer, page.post_id, page.original_post_id
    from unnest(
      ${record.posts.map((post) => post.postId)}::bigint[],
      ${record.posts.map((post) => post.originalPostId)}::bigint[]
    ) with ordinality as page (post_id, original_post_id, place)
    on conflict do nothing`.execute(database.kysely)
}
