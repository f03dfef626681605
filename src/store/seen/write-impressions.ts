import { sql, type Transaction } from 'kysely'
import { ADVISORY_LOCKS } from '../advisory-lock.ts'
import { countViews } from '../count-views.ts'
import { namesOf, unnest, type UnnestColumn } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import { SEEN_PARAMS } from './seen.params.ts'
import { writeSeenGenerations, type SeenPost } from './write-seen-generations.ts'

/** One showing of a post. Null = not known. */
export interface Impression {
  readonly viewerId: string
  /** As shown: a repost's own id. */
  readonly postId: string
  readonly atMs: number
  readonly postAuthorId: string | null
  readonly position: number | null
  readonly surface: string | null
  readonly source: string | null
  readonly propensity: number | null
  readonly requestId: string | null
  readonly outcomes: Readonly<Record<string, number>> | null
  readonly dwellMs: number | null
  /** The post that a repost shows, when whoever reported it said so. */
  readonly originalPostId: string | null
}

const COLUMNS: readonly UnnestColumn<Impression>[] = [
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'post_id', type: 'bigint', value: ({ postId }) => postId },
  { name: 'at_ms', type: 'bigint', value: ({ atMs }) => atMs },
  { name: 'post_author_id', type: 'bigint', value: ({ postAuthorId }) => postAuthorId },
  { name: 'position', type: 'integer', value: ({ position }) => position },
  { name: 'surface', type: 'text', value: ({ surface }) => surface },
  { name: 'source', type: 'text', value: ({ source }) => source },
  { name: 'propensity', type: 'double precision', value: ({ propensity }) => propensity },
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  {
    name: 'outcomes',
    type: 'jsonb',
    value: ({ outcomes }) => (outcomes === null ? null : JSON.stringify(outcomes)),
  },
  { name: 'dwell_ms', type: 'integer', value: ({ dwellMs }) => dwellMs },
  { name: 'original_post_id', type: 'bigint', value: ({ originalPostId }) => originalPostId },
]

interface ShownRow {
  readonly viewer_id: string
  readonly post_id: string
  readonly at_ms: string
  readonly original_post_id: string | null
}

/**
 * Writes showings that are not there yet and adds them, and what reposts among them show, to their
 * viewers' filters; the rows count as views of their posts. One longer ago than rows are kept goes
 * into the filter alone. Of these viewers older rows go. The same showings may come again; other
 * processes may write at the same time, and wait. Answers how many rows it wrote.
 */
export async function writeImpressions(
  transaction: Transaction<Tables>,
  impressions: readonly Impression[],
  nowMs: number,
): Promise<number> {
  if (impressions.length === 0) return 0
  const sinceMs = nowMs - SEEN_PARAMS.impressionsKeptMs
  // Before any row is locked: an import and the reader of the log would wait for each other.
  await sql`select pg_advisory_xact_lock(${ADVISORY_LOCKS.seen}::bigint)`.execute(transaction)
  const older = impressions.filter(({ atMs }) => atMs < sinceMs)
  const olderRows = older.length === 0 ? [] : await readShown(transaction, older)
  const kept = impressions.filter(({ atMs }) => atMs >= sinceMs)
  const keptRows = kept.length === 0 ? [] : await writeRows(transaction, kept)
  await writeSeenGenerations(transaction, toSeenPosts([...olderRows, ...keptRows]), nowMs)
  await countViews(
    transaction,
    keptRows.map((row) => row.post_id),
  )
  const viewerIds = [...new Set(keptRows.map((row) => row.viewer_id))]
  await sql`
    delete from impressions
    where viewer_id = any(${viewerIds}::bigint[]) and at_ms < ${sinceMs}`.execute(transaction)
  return keptRows.length
}

/** What the given showings showed. `given` and `post` are the names in the statements below. */
const ORIGINAL_ID = sql`
  nullif(coalesce(given.original_post_id, post.repost_of_post_id), given.post_id)`

async function writeRows(
  transaction: Transaction<Tables>,
  impressions: readonly Impression[],
): Promise<readonly ShownRow[]> {
  const { rows } = await sql<ShownRow>`
    insert into impressions (${namesOf(COLUMNS)})
    select given.viewer_id, given.post_id, given.at_ms,
      coalesce(post.author_id, given.post_author_id), given.position, given.surface, given.source,
      given.propensity, given.request_id, given.outcomes, given.dwell_ms, ${ORIGINAL_ID}
    from ${unnest(COLUMNS, impressions)}
    left join posts post on post.id = given.post_id
    on conflict do nothing
    returning viewer_id, post_id, at_ms, original_post_id`.execute(transaction)
  return rows
}

async function readShown(
  transaction: Transaction<Tables>,
  impressions: readonly Impression[],
): Promise<readonly ShownRow[]> {
  const { rows } = await sql<ShownRow>`
    select given.viewer_id, given.post_id, given.at_ms, ${ORIGINAL_ID} as original_post_id
    from ${unnest(COLUMNS, impressions)}
    left join posts post on post.id = given.post_id`.execute(transaction)
  return rows
}

/** In the order in which they were seen, whatever the order of the events or lines. */
function toSeenPosts(rows: readonly ShownRow[]): readonly SeenPost[] {
  return rows
    .flatMap(({ viewer_id: viewerId, at_ms: atMs, ...row }) =>
      [row.post_id, row.original_post_id].flatMap((postId) =>
        postId === null ? [] : [{ viewerId, postId, atMs: Number(atMs) }],
      ),
    )
    .toSorted((a, b) => a.atMs - b.atMs)
}
