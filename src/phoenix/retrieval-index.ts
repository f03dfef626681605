import type { PostId, UserId } from '../ids.ts'
import type { RetrievalStatus } from './model-status.ts'
import type { CallOptions } from './retrieval-client.ts'

/** A post that the index may offer to everybody. */
export interface IndexedPost {
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
}

/** The retrieval service's index, from the side of who fills it. Every call may be repeated. */
export interface RetrievalIndex {
  /** Adds or replaces; answers the size of the index. */
  upsert(posts: readonly IndexedPost[], options: CallOptions): Promise<number>
  /** Unknown ids are ignored; answers the size of the index. */
  remove(postIds: readonly PostId[], options: CallOptions): Promise<number>
  status(options: CallOptions): Promise<RetrievalStatus>
}
