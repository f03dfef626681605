/** What was returned to each viewer: written when a page is cut, read when the next is ranked. */
import { sql, type RawBuilder } from 'kysely'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { Database } from './database.ts'
import { namesOf, unnest, type UnnestColumn } from './import/unnest.ts'
import type {
  ServedHistory,
  ServedHistoryQuery,
  ServedModule,
  ServedPost,
  ServedRecord,
} from './viewer-store.ts'

/** Rows older than this are dropped when the viewer is served again. */
const KEPT_MS = 48 * 3_600_000
/** The same of exposures, which a training log may be joined with later. */
const EXPOSURES_KEPT_MS = 30 * 24 * 3_600_000
/** Visits remembered of a viewer. spec/blending.md 6.6. */
const REQUEST_TIMES_MAX = 10

interface ServedRange {
  readonly sinceMs: number
  readonly rowsMax: number
}

interface ServedIds {
  readonly post_id: string
  readonly original_post_id: string
}

function toPostIds(rows: readonly ServedIds[], idsMax: number): readonly PostId[] {
  return rows
    .flatMap((row) =>
      row.post_id === row.original_post_id ? [row.post_id] : [row.post_id, row.original_post_id],
    )
    .slice(0, idsMax)
    .map(trustPostId)
}

export async function readServedPostIds(
  database: Database,
  viewerId: UserId,
  { sinceMs, rowsMax }: ServedRange,
): Promise<readonly PostId[]> {
  const { rows } = await sql<ServedIds>`
    select post_id, original_post_id from served
    where viewer_id = ${viewerId} and served_at_ms >= ${sinceMs}
    order by served_at_ms desc, request_id, position
    limit ${rowsMax}`.execute(database.kysely)
  return toPostIds(rows, rowsMax)
}

interface HistoryRow extends ServedIds {
  /** Of the original, for a repost. Null: written by an earlier release. */
  readonly author_id: string | null
  readonly served_at_ms: number
}

/** Posts, their authors and the viewer's visits, in one statement. */
export async function readServedHistory(
  database: Database,
  viewerId: UserId,
  { postsSinceMs, postIdsMax, authorsSinceMs, authorRowsMax }: ServedHistoryQuery,
): Promise<ServedHistory> {
  const { rows } = await sql<{
    readonly served: readonly HistoryRow[]
    readonly times_ms: readonly string[] | null
  }>`
    select
      (select coalesce(json_agg(s), '[]') from (
        select post_id::text, original_post_id::text, author_id::text, served_at_ms from served
        where viewer_id = ${viewerId}
          and served_at_ms >= ${Math.min(postsSinceMs, authorsSinceMs)}
        order by served_at_ms desc, request_id, position
        limit ${Math.max(postIdsMax, authorRowsMax)}
      ) s) as served,
      (select times_ms from viewer_requests where viewer_id = ${viewerId}) as times_ms
    `.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('A select without a table gave no row.')
  const posts = row.served.filter((each) => each.served_at_ms >= postsSinceMs)
  const authors = row.served.filter((each) => each.served_at_ms >= authorsSinceMs)
  return {
    postIds: toPostIds(posts, postIdsMax),
    authors: authors
      .flatMap(({ author_id: authorId, served_at_ms: servedAtMs }) =>
        authorId === null ? [] : [{ authorId: trustUserId(authorId), servedAtMs }],
      )
      .slice(0, authorRowsMax),
    requestTimesMs: (row.times_ms ?? []).map(Number).toSorted((a, b) => b - a),
  }
}

const COLUMNS: readonly UnnestColumn<ServedPost & { readonly place: number }>[] = [
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  { name: 'position', type: 'integer', value: ({ place }) => place },
  { name: 'post_id', type: 'bigint', value: ({ postId }) => postId },
  { name: 'original_post_id', type: 'bigint', value: ({ originalPostId }) => originalPostId },
  { name: 'author_id', type: 'bigint', value: ({ authorId }) => authorId },
  { name: 'post_created_at_ms', type: 'bigint', value: ({ createdAtMs }) => createdAtMs },
  { name: 'ranked_at_ms', type: 'bigint', value: ({ rankedAtMs }) => rankedAtMs },
  { name: 'slate_position', type: 'integer', value: ({ slatePosition }) => slatePosition },
  { name: 'source', type: 'text', value: ({ source }) => source },
  { name: 'propensity', type: 'double precision', value: ({ propensity }) => propensity },
  { name: 'model_version', type: 'text', value: ({ modelVersion }) => modelVersion },
  { name: 'weights_version', type: 'text', value: ({ weightsVersion }) => weightsVersion },
]

/** Modules are remembered for longer than posts: whom they suggested is not suggested again. */
const MODULES_KEPT_MS = 90 * 24 * 3_600_000

/**
 * The page, its visit, and which arms its rankings were made with, in one statement. The same page
 * may be written twice (a retry): the first stays, and its visit counts once.
 */
export async function writeServed(database: Database, record: ServedRecord): Promise<void> {
  const { viewerId, servedAtMs, requestedAtMs, surface, modules = [] } = record
  if (record.posts.length + modules.length === 0 && requestedAtMs === null) return
  const posts = record.posts.map((post, place) => ({ ...post, place }))
  const requestIds = [...new Set(posts.map(({ requestId }) => requestId))]
  await sql`
    with forgotten as (
      delete from served where viewer_id = ${viewerId}
        and served_at_ms < ${servedAtMs - KEPT_MS}
    ), visited as (
      insert into viewer_requests as known (viewer_id, times_ms)
      select ${viewerId}::bigint, array[visit.at_ms]
      from (select ${requestedAtMs}::bigint as at_ms) visit where visit.at_ms is not null
      on conflict (viewer_id) do update
        set times_ms = (excluded.times_ms || known.times_ms)[1:${sql.lit(REQUEST_TIMES_MAX)}]
        where not excluded.times_ms <@ known.times_ms
    ), past_exposures as (
      delete from exposures where viewer_id = ${viewerId}
        and exposed_at_ms < ${servedAtMs - EXPOSURES_KEPT_MS}
    ), exposed as (
      insert into exposures (request_id, experiment, arm, viewer_id, exposed_at_ms)
      select request_id, split_part(name, ':', 1), split_part(name, ':', 2),
        ${viewerId}::bigint, ${servedAtMs}::bigint
      from unnest(${requestIds}::text[]) as requests (request_id),
        unnest(${record.arms ?? []}::text[]) as arms (name)
      on conflict do nothing
    )${modules.length === 0 ? sql`` : alsoWriting(modules, { viewerId, servedAtMs })}
    insert into served (viewer_id, served_at_ms, surface, ${namesOf(COLUMNS)})
    select ${viewerId}::bigint, ${servedAtMs}::bigint, ${surface}::text,
      ${namesOf(COLUMNS)}
    from ${unnest(COLUMNS, posts)}
    on conflict do nothing`.execute(database.kysely)
}

/** Further parts of the same statement: few pages have modules, and none pays for two. */
function alsoWriting(
  modules: readonly ServedModule[],
  { viewerId, servedAtMs }: Pick<ServedRecord, 'viewerId' | 'servedAtMs'>,
): RawBuilder<unknown> {
  const rows = modules.map(
    ({ module, userIds }) =>
      sql`(${viewerId}::bigint, ${servedAtMs}::bigint, ${module}, ${userIds}::bigint[])`,
  )
  return sql`, forgotten_modules as (
      delete from served_modules where viewer_id = ${viewerId}
        and served_at_ms < ${servedAtMs - MODULES_KEPT_MS}
    ), written_modules as (
      insert into served_modules (viewer_id, served_at_ms, module, user_ids)
      values ${sql.join(rows)} on conflict do nothing
    )`
}
