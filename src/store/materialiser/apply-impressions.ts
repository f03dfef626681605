import { countViews } from '../count-views.ts'
import { sql, type Transaction } from 'kysely'
import { namesOf, unnest, type UnnestColumn } from '../import/unnest.ts'
import { SEEN_PARAMS } from '../seen/seen.params.ts'
import { writeSeenGenerations, type SeenPost } from '../seen/write-seen-generations.ts'
import type { Tables } from '../tables.ts'
import type { LoggedImpression } from '../training-log/logged-event.ts'

const COLUMNS: readonly UnnestColumn<LoggedImpression>[] = [
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'post_id', type: 'bigint', value: ({ shownPostId }) => shownPostId },
  { name: 'at_ms', type: 'bigint', value: ({ atMs }) => atMs },
  { name: 'post_author_id', type: 'bigint', value: toAuthorId },
  { name: 'position', type: 'integer', value: ({ position }) => position },
  { name: 'surface', type: 'text', value: ({ surface }) => surface },
  { name: 'source', type: 'text', value: ({ source }) => source },
  { name: 'propensity', type: 'double precision', value: ({ propensity }) => propensity },
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  { name: 'dwell_ms', type: 'integer', value: ({ dwellMs }) => dwellMs },
  { name: 'original_post_id', type: 'bigint', value: ({ postId }) => postId },
]

/** The event names the author of what was judged: of a repost's original, not of the repost. */
function toAuthorId({ postId, shownPostId, authorId }: LoggedImpression): string | null {
  return postId === null || postId === shownPostId ? authorId : null
}

interface WrittenRow {
  readonly viewer_id: string
  readonly post_id: string
  readonly original_post_id: string | null
}

function toSeenPosts(rows: readonly WrittenRow[]): readonly SeenPost[] {
  return rows.flatMap((row) =>
    [row.post_id, row.original_post_id].flatMap((postId) =>
      postId === null ? [] : [{ viewerId: row.viewer_id, postId }],
    ),
  )
}

/**
 * Writes showings that are not there yet and adds them, and what reposts among them show, to their
 * viewers' filters and to the posts' views. Of these viewers older rows than are kept go. Answers
 * how many it wrote.
 */
export async function applyImpressions(
  transaction: Transaction<Tables>,
  impressions: readonly LoggedImpression[],
  nowMs: number,
): Promise<number> {
  const sinceMs = nowMs - SEEN_PARAMS.impressionsKeptMs
  const kept = impressions.filter(({ atMs }) => atMs >= sinceMs)
  if (kept.length === 0) return 0
  const { rows } = await sql<WrittenRow>`
    insert into impressions (${namesOf(COLUMNS)})
    select given.viewer_id, given.post_id, given.at_ms,
      coalesce(post.author_id, given.post_author_id), given.position, given.surface, given.source,
      given.propensity, given.request_id, given.dwell_ms,
      nullif(coalesce(given.original_post_id, post.repost_of_post_id), given.post_id)
    from ${unnest(COLUMNS, kept)}
    left join posts post on post.id = given.post_id
    on conflict do nothing
    returning viewer_id, post_id, original_post_id`.execute(transaction)
  await writeSeenGenerations(transaction, toSeenPosts(rows), nowMs)
  await countViews(
    transaction,
    rows.map((row) => row.post_id),
  )
  const viewerIds = [...new Set(rows.map((row) => row.viewer_id))]
  await sql`
    delete from impressions
    where viewer_id = any(${viewerIds}::bigint[]) and at_ms < ${sinceMs}`.execute(transaction)
  return rows.length
}
