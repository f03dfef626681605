import type { ImportKind, ImportRow, WriteContext } from '../import-kind.ts'
import { readPost, type ImportedPost } from '../imported-post.ts'
import { lastOfEach } from '../unnest.ts'
import { writePostEvents } from '../write-post-events.ts'
import { writePosts } from '../write-posts.ts'

async function write(rows: readonly ImportRow<ImportedPost>[], context: WriteContext) {
  const posts = lastOfEach(
    rows.map((row) => row.value),
    (post) => post.id,
  )
  await writePostEvents(context, await writePosts(context, posts))
  return []
}

export const postsKind: ImportKind<ImportedPost> = {
  name: 'posts',
  columns: [
    'id',
    'author_id',
    'created_at',
    'text',
    'language',
    'reply_to_post_id',
    'reply_to_user_id',
    'conversation_id',
    'repost_of_post_id',
    'repost_of_user_id',
    'quoted_post_id',
    'media',
    'topics',
    'subscribers_only',
    'sensitive',
    'deleted_at',
  ],
  read: readPost,
  write,
}
