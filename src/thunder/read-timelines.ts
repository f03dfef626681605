import type { PostId, UserId } from '../ids.ts'
import type { AuthorTimeline, Timeline } from './author-timeline.ts'
import { isReplyEligible, type PostLookup } from './reply-rule.ts'
import { compareNewestFirst, isReply, isRepost, type StoredPost } from './stored-post.ts'
import type { RecentPostsRequest, ThunderPost } from './thunder.ts'
import {
  AUTHORS_PER_REQUEST_MAX,
  ORIGINALS_PER_AUTHOR_MAX,
  POSTS_RETURNED_MAX,
  SCANNED_PER_AUTHOR_MAX,
  SECONDARY_PER_AUTHOR_MAX,
  VIDEOS_PER_AUTHOR_MAX,
  VIDEOS_RETURNED_MAX,
} from './thunder.params.ts'

/** What a read needs of the store, as it is at one moment. */
export interface StoreView {
  timelinesOf(authorId: UserId): AuthorTimeline | undefined
  /** Finds posts that have neither expired nor been deleted. */
  readonly find: PostLookup
  isDeleted(postId: PostId): boolean
  /** Epoch seconds; what is older has expired. */
  readonly oldestSeconds: number
}

/** How one timeline is read. */
interface Pass {
  readonly perAuthorMax: number
  /** Candidates only; what fails here uses up no cap. */
  readonly isPresent: (post: StoredPost) => boolean
  /** What fails here has been scanned. */
  readonly isWanted: (post: StoredPost) => boolean
}

function takeFrom(timeline: Timeline, pass: Pass, oldestSeconds: number): StoredPost[] {
  const taken: StoredPost[] = []
  let scanned = 0
  for (const post of timeline.newestFirst()) {
    if (post.createdAtSeconds < oldestSeconds) break
    if (!pass.isPresent(post)) continue
    if (scanned === SCANNED_PER_AUTHOR_MAX) break
    scanned += 1
    if (!pass.isWanted(post)) continue
    taken.push(post)
    if (taken.length === pass.perAuthorMax) break
  }
  return taken
}

/** A repost shows a video when it brings one, or its original, a non-reply in the store, does. */
function showsVideo(post: StoredPost, find: PostLookup): boolean {
  if (post.hasVideo || post.repostOfPostId === null) return post.hasVideo
  const original = find(post.repostOfPostId)
  return original !== undefined && !isReply(original) && original.hasVideo
}

function toThunderPost(post: StoredPost): ThunderPost {
  return {
    postId: post.postId,
    authorId: post.authorId,
    createdAtMs: post.createdAtSeconds * 1_000,
    replyToPostId: post.replyToPostId,
    repostOfPostId: post.repostOfPostId,
    repostOfUserId: post.repostOfUserId,
    conversationId: post.conversationId,
  }
}

/** The newest posts of the authors asked for, under the caps, newest first. */
export function readTimelines(request: RecentPostsRequest, view: StoreView): ThunderPost[] {
  const { viewerId, excludedPostIds } = request
  const { find, oldestSeconds } = view
  const authorIds = new Set(request.authorIds.slice(0, AUTHORS_PER_REQUEST_MAX))
  const isPresent = (post: StoredPost) =>
    !excludedPostIds.has(post.postId) &&
    !(post.repostOfPostId !== null && view.isDeleted(post.repostOfPostId))
  const isOthers = (post: StoredPost) => !isRepost(post) || post.repostOfUserId !== viewerId

  const originals: Pass = { perAuthorMax: ORIGINALS_PER_AUTHOR_MAX, isPresent, isWanted: isOthers }
  const secondary: Pass = {
    perAuthorMax: SECONDARY_PER_AUTHOR_MAX,
    isPresent,
    isWanted: (post) => isOthers(post) && isReplyEligible(post, authorIds, find),
  }
  const videos: Pass = {
    perAuthorMax: VIDEOS_PER_AUTHOR_MAX,
    isPresent: (post) => isPresent(post) && showsVideo(post, find),
    isWanted: isOthers,
  }

  const isVideoRequest = request.kind === 'videos'
  const found: StoredPost[] = []
  for (const authorId of authorIds) {
    const timelines = view.timelinesOf(authorId)
    if (timelines === undefined) continue
    if (isVideoRequest) {
      found.push(...takeFrom(timelines.videos, videos, oldestSeconds))
    } else {
      found.push(...takeFrom(timelines.originals, originals, oldestSeconds))
      found.push(...takeFrom(timelines.secondary, secondary, oldestSeconds))
    }
  }
  const returnedMax = isVideoRequest ? VIDEOS_RETURNED_MAX : POSTS_RETURNED_MAX
  const wanted = request.resultsMax > 0 ? Math.min(request.resultsMax, returnedMax) : returnedMax
  return found.sort(compareNewestFirst).slice(0, wanted).map(toThunderPost)
}
