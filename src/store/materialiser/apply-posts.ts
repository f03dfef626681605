import { sql, type Transaction } from 'kysely'
import { namesOf } from '../import/unnest.ts'
import { POST_COLUMNS, type ImportedPost } from '../import/imported-post.ts'
import { writePosts } from '../import/write-posts.ts'
import type { PostsTable, Tables } from '../tables.ts'
import type { ChangeBody } from './change.ts'

type PostChange = Extract<ChangeBody, { readonly kind: 'post' }>

/** As the database gives them: ids and times as text. */
type StoredRow = {
  readonly [Column in keyof PostsTable]: PostsTable[Column] extends boolean
    ? boolean
    : string | null
}

function toImportedPost(row: StoredRow): ImportedPost {
  return {
    id: String(row.id),
    authorId: String(row.author_id),
    createdAtMs: Number(row.created_at_ms),
    text: row.text ?? '',
    language: row.language,
    replyToPostId: row.reply_to_post_id,
    replyToUserId: row.reply_to_user_id,
    conversationId: row.conversation_id,
    repostOfPostId: row.repost_of_post_id,
    repostOfUserId: row.repost_of_user_id,
    quotedPostId: row.quoted_post_id,
    subscribersOnly: row.subscribers_only,
    sensitive: row.sensitive,
    deletedAtMs: row.deleted_at_ms === null ? null : Number(row.deleted_at_ms),
    media: [],
    topics: [],
  }
}

async function readPosts(
  transaction: Transaction<Tables>,
  ids: readonly string[],
): Promise<Map<string, ImportedPost>> {
  const { rows } = await sql<StoredRow>`
    select ${namesOf(POST_COLUMNS)} from posts where id = any(${ids}::bigint[])`.execute(
    transaction,
  )
  return new Map(rows.map((row) => [String(row.id), toImportedPost(row)]))
}

function idOf(change: PostChange): string {
  return change.isActive ? change.post.id : change.postId
}

/** The content stays what it was, when the event has none. */
function withStoredContent(post: ImportedPost, stored: ImportedPost | undefined): ImportedPost {
  if (stored === undefined) return post
  const { text, language, subscribersOnly, sensitive } = stored
  return { ...post, text, language, subscribersOnly, sensitive }
}

/**
 * Folds the changes, in their order, over what the table has, and writes each post once. A deletion
 * of a post that is not there has left its version behind, which is all that it can do.
 */
export async function applyPosts(
  transaction: Transaction<Tables>,
  changes: readonly PostChange[],
  nowMs: number,
): Promise<void> {
  if (changes.length === 0) return
  const posts = await readPosts(transaction, [...new Set(changes.map(idOf))])
  const changed = new Set<string>()
  const withNewParts = new Set<string>()
  for (const change of changes) {
    const id = idOf(change)
    const known = posts.get(id)
    if (change.isActive) {
      posts.set(id, change.hasContent ? change.post : withStoredContent(change.post, known))
      if (change.hasContent) withNewParts.add(id)
    } else if (known !== undefined) {
      posts.set(id, { ...known, deletedAtMs: change.deletedAtMs })
    }
    if (posts.has(id)) changed.add(id)
  }
  const written = [...changed].flatMap((id) => posts.get(id) ?? [])
  const partsKept = new Set([...changed].filter((id) => !withNewParts.has(id)))
  await writePosts({ transaction, nowMs }, written, partsKept)
}
