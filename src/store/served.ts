/** What was returned to each viewer: written when a page is cut, read when the next is ranked. */
import { sql, type RawBuilder } from 'kysely'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { Database } from './database.ts'
import { namesOf, unnest, type UnnestColumn } from './import/unnest.ts'
import type { ServedAuthor, ServedModule, ServedPost, ServedRecord } from './viewer-store.ts'

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

/** Whose posts were served: the original's author, for a repost. */
export async function readServedAuthors(
  database: Database,
  viewerId: UserId,
  { sinceMs, rowsMax }: ServedRange,
): Promise<readonly ServedAuthor[]> {
  const { rows } = await sql<{ author_id: string; served_at_ms: string }>`
    select author_id, served_at_ms from served
    where viewer_id = ${viewerId} and served_at_ms >= ${sinceMs} and author_id is not null
    order by served_at_ms desc, request_id, position
    limit ${rowsMax}`.execute(database.kysely)
  return rows.map((row) => ({
    authorId: trustUserId(row.author_id),
    servedAtMs: Number(row.served_at_ms),
  }))
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

/** The same page may be written twice (a retry): the first stays. */
export async function writeServed(database: Database, record: ServedRecord): Promise<void> {
  const { viewerId, servedAtMs, surface, modules = [] } = record
  if (record.posts.length + modules.length === 0) return
  const posts = record.posts.map((post, place) => ({ ...post, place }))
  await sql`
    with forgotten as (
      delete from served where viewer_id = ${viewerId}
        and served_at_ms < ${servedAtMs - KEPT_MS}
    ) ${modules.length === 0 ? sql`` : alsoWriting(modules, { viewerId, servedAtMs })}
    insert into served (viewer_id, served_at_ms, surface, ${namesOf(COLUMNS)})
    select ${viewerId}::bigint, ${servedAtMs}::bigint, ${surface}::text, ${namesOf(COLUMNS)}
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
