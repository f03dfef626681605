import type { RetrievalClient } from '../../phoenix/retrieval-client.ts'
import { createPostCandidate } from '../home-feed.candidate.ts'
import { source } from '../home-feed.components.ts'
import { retrievedTopicsOf } from '../topics/topic-rules.ts'

export interface PhoenixRetrievalSourceOptions {
  readonly retrieval: RetrievalClient
  readonly postsMax: number
  readonly postsPerAuthorMax: number
  /** Whether new viewers who follow topics get those instead. */
  readonly retrievesFollowedTopics: boolean
  readonly timeoutMs: number
}

/**
 * What the two-tower model finds for the viewer, from everybody. Unknown history = none. Where
 * topics are asked for, `phoenixTopicsSource` finds it.
 */
export function phoenixRetrievalSource(options: PhoenixRetrievalSourceOptions) {
  const { retrieval, postsMax, postsPerAuthorMax, retrievesFollowedTopics, timeoutMs } = options
  return source({
    name: 'PhoenixRetrievalSource',
    failurePolicy: 'replace',
    replacement: 'in-network only',
    degradation: 'IN_NETWORK_ONLY',
    dependency: 'phoenix-retrieval',
    timeoutMs,
    params: { postsMax, postsPerAuthorMax },
    enable: (query) =>
      !query.filter.inNetworkOnly &&
      query.cachedPool == null &&
      retrievedTopicsOf(query, retrievesFollowedTopics).length === 0,
    async fetch({ viewerId, actionSequence }, { signal, deadlineMs }) {
      const { posts } = await retrieval.retrieve(
        {
          viewerId,
          actions: actionSequence ?? [],
          resultsMax: postsMax,
          postsPerAuthorMax,
        },
        { signal, deadlineMs },
      )
      return posts.map((post) =>
        createPostCandidate({
          id: post.postId,
          authorId: post.authorId,
          createdAtMs: post.createdAtMs,
          sources: ['phoenix-retrieval'],
          ancestorIds: [],
          similarity: post.similarity,
        }),
      )
    },
  })
}
