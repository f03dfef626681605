import { sql } from 'kysely'
import { ensureTopics } from './ensure-topics.ts'
import type { WriteContext } from './import-kind.ts'
import { POST_COLUMNS, type ImportedMedia, type ImportedPost } from './imported-post.ts'
import { excludedOf, namesOf, unnest, type UnnestColumn } from './unnest.ts'
import type { WrittenPost } from './write-post-events.ts'

async function writeRows(
  { transaction }: WriteContext,
  posts: readonly ImportedPost[],
): Promise<readonly WrittenPost[]> {
  const { rows } = await sql<{ id: string; was_deleted: boolean }>`
    with given as (select * from ${unnest(POST_COLUMNS, posts)}),
    before as (
      select posts.id, posts.deleted_at_ms is not null as was_deleted
      from posts join given on given.id = posts.id
    ), written as (
      insert into posts (${namesOf(POST_COLUMNS)}) select ${namesOf(POST_COLUMNS)} from given
      on conflict (id) do update set ${excludedOf(POST_COLUMNS, ['id'])}
    )
    select id, was_deleted from before`.execute(transaction)
  const before = new Map(rows.map((row) => [row.id, row.was_deleted ? 'deleted' : 'live'] as const))
  return posts.map((post) => ({ post, before: before.get(post.id) ?? 'absent' }))
}

interface MediaRow extends ImportedMedia {
  readonly postId: string
  readonly position: number
}

const MEDIA_COLUMNS: readonly UnnestColumn<MediaRow>[] = [
  { name: 'post_id', type: 'bigint', value: (media) => media.postId },
  { name: 'position', type: 'smallint', value: (media) => media.position },
  { name: 'kind', type: 'text', value: (media) => media.kind },
  { name: 'url', type: 'text', value: (media) => media.url },
  { name: 'alt_text', type: 'text', value: (media) => media.altText },
  { name: 'width', type: 'integer', value: (media) => media.width },
  { name: 'height', type: 'integer', value: (media) => media.height },
  { name: 'duration_ms', type: 'integer', value: (media) => media.durationMs },
]

async function writeMedia(
  { transaction }: WriteContext,
  posts: readonly ImportedPost[],
): Promise<void> {
  const rows = posts.flatMap((post) =>
    post.media.map((media, position) => ({ ...media, postId: post.id, position })),
  )
  if (rows.length === 0) return
  await sql`
    insert into media (${namesOf(MEDIA_COLUMNS)})
    select ${namesOf(MEDIA_COLUMNS)} from ${unnest(MEDIA_COLUMNS, rows)}`.execute(transaction)
}

interface PostTopic {
  readonly postId: string
  readonly topic: string
}

async function writeTopics(
  { transaction }: WriteContext,
  posts: readonly ImportedPost[],
): Promise<void> {
  const rows = posts.flatMap((post) => post.topics.map((topic) => ({ postId: post.id, topic })))
  if (rows.length === 0) return
  await ensureTopics(
    transaction,
    rows.map((row) => row.topic),
  )
  await sql`
    insert into post_topics (post_id, topic_id)
    select given.post_id, topics.id
    from ${unnest<PostTopic>(
      [
        { name: 'post_id', type: 'bigint', value: (row) => row.postId },
        { name: 'name', type: 'text', value: (row) => row.topic },
      ],
      rows,
    )}
    join topics on topics.name = given.name`.execute(transaction)
}

/** What came before is replaced as a whole. */
async function forgetParts({ transaction }: WriteContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await sql`delete from media where post_id = any(${ids}::bigint[])`.execute(transaction)
  await sql`delete from post_topics where post_id = any(${ids}::bigint[])`.execute(transaction)
}

interface CountChange {
  readonly postId: string
  replies: number
  reposts: number
  quotes: number
}

/** By how much replies, reposts and quotes that appeared, went or came back change counts. */
function countChanges(written: readonly WrittenPost[]): readonly CountChange[] {
  const changes = new Map<string, CountChange>()
  const changeOf = (postId: string): CountChange => {
    const change = changes.get(postId) ?? { postId, replies: 0, reposts: 0, quotes: 0 }
    changes.set(postId, change)
    return change
  }
  for (const { post, before } of written) {
    const change = (post.deletedAtMs === null ? 1 : 0) - (before === 'live' ? 1 : 0)
    if (change === 0) continue
    if (post.replyToPostId !== null) changeOf(post.replyToPostId).replies += change
    if (post.repostOfPostId !== null) changeOf(post.repostOfPostId).reposts += change
    if (post.quotedPostId !== null) changeOf(post.quotedPostId).quotes += change
  }
  return [...changes.values()]
}

const COUNT_COLUMNS: readonly UnnestColumn<CountChange>[] = [
  { name: 'post_id', type: 'bigint', value: (change) => change.postId },
  { name: 'reply_posts', type: 'integer', value: (change) => change.replies },
  { name: 'repost_posts', type: 'integer', value: (change) => change.reposts },
  { name: 'quote_posts', type: 'integer', value: (change) => change.quotes },
]

async function writeCounts(
  { transaction }: WriteContext,
  changes: readonly CountChange[],
): Promise<void> {
  if (changes.length === 0) return
  await sql`
    insert into post_counts (${namesOf(COUNT_COLUMNS)})
    select ${namesOf(COUNT_COLUMNS)} from ${unnest(COUNT_COLUMNS, changes)} order by post_id
    on conflict (post_id) do update set
      reply_posts = post_counts.reply_posts + excluded.reply_posts,
      repost_posts = post_counts.repost_posts + excluded.repost_posts,
      quote_posts = post_counts.quote_posts + excluded.quote_posts`.execute(transaction)
}

/**
 * Writes posts with their media and topics, and the counts of what they answer, repost and quote.
 * Each id at most once. What the table had is replaced; media and topics of `partsKept` stay.
 */
export async function writePosts(
  context: WriteContext,
  posts: readonly ImportedPost[],
  partsKept: ReadonlySet<string> = new Set(),
): Promise<readonly WrittenPost[]> {
  const written = await writeRows(context, posts)
  const replaced = written.filter(({ post }) => !partsKept.has(post.id))
  const known = replaced.filter(({ before }) => before !== 'absent')
  await forgetParts(
    context,
    known.map(({ post }) => post.id),
  )
  const parts = replaced.map(({ post }) => post)
  await writeMedia(context, parts)
  await writeTopics(context, parts)
  await writeCounts(context, countChanges(written))
  return written
}
