import type { PostId, UserId } from '../ids.ts'
import { isReply, isRepost, type StoredPost } from './stored-post.ts'

/** Finds a post that is in the store, of any author. */
export type PostLookup = (postId: PostId) => StoredPost | undefined

/**
 * Whether a reply belongs into the feed of somebody who follows these authors. An answer to an
 * original does; an answer to an answer only when that one stands right below the conversation's
 * first post and comes from a followed author; what lies deeper does not. Asked at every read, so
 * a reply is healed when its parent arrives later and goes when the parent goes.
 */
export function isReplyEligible(
  post: StoredPost,
  followedIds: ReadonlySet<UserId>,
  find: PostLookup,
): boolean {
  if (post.replyToPostId === null) return true
  const parent = find(post.replyToPostId)
  if (parent === undefined) return false
  if (!isReply(parent) && !isRepost(parent)) return true
  return (
    post.conversationId !== null &&
    parent.replyToPostId === post.conversationId &&
    post.replyToUserId !== null &&
    followedIds.has(post.replyToUserId)
  )
}
