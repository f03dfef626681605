import { trustPostId, trustUserId, type PostId, type UserId } from '../../src/ids.ts'
import { splitId } from '../../src/thunder/id-halves.ts'
import type { PostStore } from '../../src/thunder/post-store.ts'
import type { SlotRequest } from '../../src/thunder/read-scope.ts'
import type { StoredPost } from '../../src/thunder/stored-post.ts'
import type { RecentPostsRequest } from '../../src/thunder/thunder.ts'

/** Epoch seconds that tests call now. */
export const NOW_SECONDS = 1_780_000_000

export const postId = (id: number): PostId => trustPostId(String(id))
export const userId = (id: number): UserId => trustUserId(String(id))

/** Ids as numbers; created so many seconds before now (default 100). */
export interface PostShape {
  readonly id: number
  readonly by: number
  readonly age?: number
  readonly replyTo?: { readonly post?: number; readonly user?: number }
  readonly repostOf?: { readonly post: number; readonly user: number }
  readonly conversation?: number
  readonly hasVideo?: boolean
  readonly version?: number
}

export function storedPost(shape: PostShape): StoredPost {
  const { replyTo, repostOf, conversation } = shape
  return {
    postId: postId(shape.id),
    authorId: userId(shape.by),
    createdAtSeconds: NOW_SECONDS - (shape.age ?? 100),
    replyToPostId: replyTo?.post === undefined ? null : postId(replyTo.post),
    replyToUserId: replyTo?.user === undefined ? null : userId(replyTo.user),
    repostOfPostId: repostOf === undefined ? null : postId(repostOf.post),
    repostOfUserId: repostOf === undefined ? null : userId(repostOf.user),
    conversationId: conversation === undefined ? null : postId(conversation),
    hasVideo: shape.hasVideo ?? false,
    version: BigInt(shape.version ?? 0),
  }
}

export interface RequestShape {
  readonly follows: readonly number[]
  readonly viewer?: number
  readonly excluded?: readonly number[]
  readonly max?: number
  readonly kind?: 'posts' | 'videos'
}

export function recentPostsRequest(shape: RequestShape): RecentPostsRequest {
  return {
    viewerId: userId(shape.viewer ?? 999),
    authorIds: shape.follows.map(userId),
    excludedPostIds: new Set((shape.excluded ?? []).map(postId)),
    resultsMax: shape.max ?? 0,
    kind: shape.kind ?? 'posts',
  }
}

/** The same request in the store's own terms. */
export function toSlotRequest(store: PostStore, request: RecentPostsRequest): SlotRequest {
  const kind = request.kind ?? 'posts'
  const returnedMax = kind === 'videos' ? 600 : 1_200
  return {
    follows: store.followList(request.authorIds),
    viewer: store.denseUser(request.viewerId),
    excluded: Int32Array.from(
      [...request.excludedPostIds].flatMap((excludedId) => {
        const { low, high } = splitId(excludedId, { low: 0, high: 0 })
        return [low, high]
      }),
    ),
    resultsMax: Math.min(request.resultsMax || returnedMax, returnedMax),
    kind,
  }
}
