import type { StageContext } from '../../framework/component.ts'
import { createPostCandidate } from '../../home-feed.candidate.ts'
import type { PostCandidate } from '../../home-feed.candidate.ts'
import { createFeedItem } from '../feed-item.ts'
import type { FeedItem } from '../feed-item.ts'
import { source } from '../for-you.components.ts'
import type { ForYouQuery } from '../for-you.query.ts'
import type { PromotedPost, PromotedPosts } from '../promoted/promoted-posts.ts'

export interface PromotedPostsSourceOptions {
  /** Null = nothing is promoted. */
  readonly promoted: PromotedPosts | null
  readonly timeoutMs: number
  /** Those that this viewer may see, by the rules for all, with what they show. */
  mayBeSeen(
    candidates: readonly PostCandidate[],
    query: Readonly<ForYouQuery>,
    context: StageContext,
  ): Promise<readonly PostCandidate[]>
}

/**
 * Posts that somebody paid for, in their seller's order. Money buys a place, not a view: one that
 * the viewer may not see, would see behind a warning, or whose author is not whom the seller says,
 * is left out.
 */
export function promotedPostsSource({
  promoted,
  timeoutMs,
  mayBeSeen,
}: PromotedPostsSourceOptions) {
  return source({
    name: 'PromotedPostsSource',
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'promoted-posts',
    timeoutMs,
    enable: () => promoted !== null,
    async fetch(query, context) {
      const { viewerId, countryCode } = query
      const { nowMs, signal } = context
      const offered =
        (await promoted?.promotedPosts({ viewerId, countryCode, nowMs, signal })) ?? []
      if (offered.length === 0) return []
      const seen = await mayBeSeen(offered.map(toCandidate), query, context)
      const postById = new Map(seen.filter(isPlainlyAllowed).map((post) => [post.id, post]))
      return offered.flatMap((promotedPost) => toItem(promotedPost, postById) ?? [])
    },
  })
}

function toCandidate({ postId, authorId, createdAtMs }: PromotedPost): PostCandidate {
  return createPostCandidate({
    id: postId,
    authorId,
    createdAtMs,
    sources: [],
    ancestorIds: [],
    similarity: null,
  })
}

function isPlainlyAllowed({ visibility, core, authorId }: PostCandidate): boolean {
  return visibility?.action === 'allow' && core?.authorId === authorId
}

function toItem(
  { postId, impressionId, insertPosition, adjacency }: PromotedPost,
  postById: ReadonlyMap<string, PostCandidate>,
): FeedItem | null {
  const post = postById.get(postId)
  if (post === undefined) return null
  return createFeedItem({
    kind: 'promoted',
    post,
    promotion: { impressionId, insertPosition, adjacency },
  })
}
