import type { PopularPosts } from '../../store/popular-posts.ts'
import { createPostCandidate } from '../home-feed.candidate.ts'
import { source } from '../home-feed.components.ts'

export interface PopularNowSourceOptions {
  readonly popular: PopularPosts
  readonly timeoutMs: number
}

/** What most people act on, for viewers of whom nothing is known: no history and no follows. */
export function popularNowSource({ popular, timeoutMs }: PopularNowSourceOptions) {
  return source({
    name: 'PopularNowSource',
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    enable: ({ filter, actionSequence, followedIds }) =>
      !filter.inNetworkOnly &&
      (actionSequence?.length ?? 0) === 0 &&
      (followedIds?.size ?? 0) === 0,
    async fetch(_query, { nowMs }) {
      const posts = await popular.popularPosts(nowMs)
      return posts.map(({ postId, authorId, createdAtMs }) =>
        createPostCandidate({
          id: postId,
          authorId,
          createdAtMs,
          sources: ['popular-now'],
          ancestorIds: [],
          similarity: null,
        }),
      )
    },
  })
}
