import { splitId } from './id-halves.ts'
import { CREATE, DELETE, RESTORE, type PostColumns } from './post-columns.ts'
import type { PostDeletion, StoredPost } from './stored-post.ts'

const halves = { low: 0, high: 0 }

function setId(column: Int32Array, row: number, id: string | null): void {
  if (id === null) {
    column[row * 2] = 0
    column[row * 2 + 1] = 0
    return
  }
  splitId(id, halves)
  column[row * 2] = halves.low
  column[row * 2 + 1] = halves.high
}

function setVersion(columns: PostColumns, row: number, version: bigint): void {
  columns.versions[row * 2] = Number(BigInt.asIntN(32, version))
  columns.versions[row * 2 + 1] = Number(BigInt.asIntN(32, version >> 32n))
}

/** Writes a post into a row of a batch. */
export function setPost(columns: PostColumns, row: number, post: StoredPost): void {
  columns.kinds[row] = CREATE
  setId(columns.postIds, row, post.postId)
  setId(columns.authorIds, row, post.authorId)
  columns.atMs[row] = post.createdAtSeconds * 1_000
  setId(columns.replyToPostIds, row, post.replyToPostId)
  setId(columns.replyToUserIds, row, post.replyToUserId)
  setId(columns.repostOfPostIds, row, post.repostOfPostId)
  setId(columns.repostOfUserIds, row, post.repostOfUserId)
  setId(columns.conversationIds, row, post.conversationId)
  columns.hasVideo[row] = post.hasVideo ? 1 : 0
  setVersion(columns, row, post.version)
}

/** The same for a post whose deletion is undone. */
export function setRestoredPost(columns: PostColumns, row: number, post: StoredPost): void {
  setPost(columns, row, post)
  columns.kinds[row] = RESTORE
}

export function setDeletion(columns: PostColumns, row: number, deletion: PostDeletion): void {
  columns.kinds[row] = DELETE
  setId(columns.postIds, row, deletion.postId)
  columns.atMs[row] = deletion.deletedAtSeconds * 1_000
  setVersion(columns, row, deletion.version)
}
