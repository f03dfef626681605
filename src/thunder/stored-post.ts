import { compareIdsDescending, type PostId, type UserId } from '../ids.ts'

/** What the store keeps of a post. Null = none. */
export interface StoredPost {
  readonly postId: PostId
  readonly authorId: UserId
  /** Epoch seconds. */
  readonly createdAtSeconds: number
  readonly replyToPostId: PostId | null
  readonly replyToUserId: UserId | null
  readonly repostOfPostId: PostId | null
  readonly repostOfUserId: UserId | null
  readonly conversationId: PostId | null
  /** Its one attachment is a video that is long enough. */
  readonly hasVideo: boolean
  /** Grows with every change of this post; 0 = not versioned. */
  readonly version: bigint
}

/** A deletion: it also stops a creation that arrives after it. */
export interface PostDeletion {
  readonly postId: PostId
  /** Epoch seconds. */
  readonly deletedAtSeconds: number
  /** 0 = not versioned. */
  readonly version: bigint
}

/** The order of every timeline and answer: newest first, the greater id first within a second. */
export function compareNewestFirst(
  a: Pick<StoredPost, 'createdAtSeconds' | 'postId'>,
  b: Pick<StoredPost, 'createdAtSeconds' | 'postId'>,
): number {
  return b.createdAtSeconds - a.createdAtSeconds || compareIdsDescending(a.postId, b.postId)
}

/** Whether it answers somebody, if only a user without a post. */
export function isReply(post: StoredPost): boolean {
  return post.replyToPostId !== null || post.replyToUserId !== null
}

export function isRepost(post: StoredPost): boolean {
  return post.repostOfPostId !== null
}

/** All of a post in one line, for hashes. */
export function describePost(post: StoredPost): string {
  return [
    post.postId,
    post.authorId,
    post.createdAtSeconds,
    post.replyToPostId,
    post.replyToUserId,
    post.repostOfPostId,
    post.repostOfUserId,
    post.conversationId,
    post.hasVideo,
    post.version,
  ].join(' ')
}
