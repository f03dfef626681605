import { createFeedItem } from '../../../src/pipeline/blending/feed-item.ts'
import type { FeedItem } from '../../../src/pipeline/blending/feed-item.ts'
import { createForYouQuery } from '../../../src/pipeline/blending/for-you.query.ts'
import type { ForYouQuery, RankedPosts } from '../../../src/pipeline/blending/for-you.query.ts'
import type {
  PromotedPost,
  Promotion,
} from '../../../src/pipeline/blending/promoted/promoted-posts.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import type { Loaders } from '../../../src/store/loaders.ts'
import { PROMPT, WORLD } from '../contract-world.ts'
import {
  bareQuery,
  candidate,
  filledQuery,
  loadersOf,
  NOW_MS,
  post,
  userId,
} from '../home-feed-fixtures.ts'

/** A ranking that brought these posts for a viewer with these lists. */
export function rankedPosts(
  candidates: readonly PostCandidate[],
  lists: Partial<HomeFeedQuery> = {},
): RankedPosts {
  return { candidates, pipelineResult: { query: filledQuery(lists) } }
}

/** As it came in. */
export function bareForYouQuery(
  ranked: RankedPosts = rankedPosts([]),
  loaders: Loaders = loadersOf(WORLD),
): ForYouQuery {
  const head = { firstPosition: 0, sessionStartedAtMs: NOW_MS }
  return createForYouQuery(bareQuery(loaders), Promise.resolve(ranked), head)
}

/** Of a viewer who was shown no module yet. */
export function filledForYouQuery(
  more: Partial<ForYouQuery> = {},
  ranked: RankedPosts = rankedPosts([]),
  loaders: Loaders = loadersOf(WORLD),
): ForYouQuery {
  return {
    ...bareForYouQuery(ranked, loaders),
    whoToFollowEligible: true,
    suggestedIds: [],
    moduleServedAtMs: new Map(),
    followsNobody: false,
    ...more,
  }
}

export const postItem = (id: number, more: Partial<PostCandidate> = {}): FeedItem =>
  createFeedItem({ kind: 'post', post: candidate(post(id, 2), more) })

export const suggestionItem = (...ids: number[]): FeedItem =>
  createFeedItem({ kind: 'who-to-follow', userIds: ids.map(userId) })

export const promptItem = (name = PROMPT.name): FeedItem =>
  createFeedItem({ kind: 'prompt', prompt: { ...PROMPT, name } })

export function promotedItem(id: number, more: Partial<Promotion> = {}): FeedItem {
  const { postId: _postId, ...promotion } = promotedPost(id, more)
  return createFeedItem({ kind: 'promoted', post: candidate(post(id, 3)), promotion })
}

export function promotedPost(id: number, more: Partial<PromotedPost> = {}): PromotedPost {
  const { id: postId, authorId, createdAtMs } = post(id, 3)
  const impressionId = `impression-${id}`
  return {
    postId,
    authorId,
    createdAtMs,
    impressionId,
    insertPosition: 1,
    adjacency: null,
    ...more,
  }
}

/** Short names in their order: `p1`, `A9`, `q:welcome`, `w:7-8`. */
export function namesOf(items: readonly FeedItem[]): string {
  return items.map(nameOf).join(' ')
}

function nameOf({ content }: FeedItem): string {
  switch (content.kind) {
    case 'post':
      return `p${content.post.id}`
    case 'promoted':
      return `A${content.post.id}`
    case 'prompt':
      return `q:${content.prompt.name}`
    case 'who-to-follow':
      return `w:${content.userIds.join('-')}`
  }
}
