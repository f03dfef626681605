import type { RetrievalClient } from '../../phoenix/retrieval-client.ts'
import type { TopicStore } from '../../store/topic-store.ts'
import { createPostCandidate } from '../home-feed.candidate.ts'
import { source } from '../home-feed.components.ts'
import { retrievedTopicsOf } from '../topics/topic-rules.ts'

export interface PhoenixTopicsSourceOptions {
  readonly retrieval: RetrievalClient
  readonly topics: Pick<TopicStore, 'recentPostIds'>
  readonly postsMax: number
  readonly postsPerAuthorMax: number
  /** Whether the topics count that a new viewer follows. */
  readonly retrievesFollowedTopics: boolean
  readonly timeoutMs: number
}

/**
 * What the two-tower model finds for the viewer among the posts about the topics of the request,
 * or of a new viewer's follows. Source: spec/hydrators.md 5.
 */
export function phoenixTopicsSource(options: PhoenixTopicsSourceOptions) {
  const { retrieval, topics, postsMax, postsPerAuthorMax } = options
  const { retrievesFollowedTopics, timeoutMs } = options
  return source({
    name: 'PhoenixTopicsSource',
    failurePolicy: 'replace',
    replacement: 'in-network only',
    degradation: 'IN_NETWORK_ONLY',
    dependency: 'phoenix-retrieval',
    timeoutMs,
    params: { postsMax, postsPerAuthorMax, retrievesFollowedTopics },
    enable: (query) =>
      !query.filter.inNetworkOnly &&
      query.cachedPool == null &&
      retrievedTopicsOf(query, retrievesFollowedTopics).length > 0,
    async fetch(query, { nowMs, signal, deadlineMs }) {
      const wanted = retrievedTopicsOf(query, retrievesFollowedTopics)
      const topicIds = new Set(wanted.flatMap(({ expanded }) => [...expanded]))
      const among = await topics.recentPostIds([...topicIds], nowMs)
      if (among.length === 0) return []
      const { posts } = await retrieval.retrieve(
        {
          viewerId: query.viewerId,
          actions: query.actionSequence ?? [],
          resultsMax: postsMax,
          postsPerAuthorMax,
          among,
        },
        { signal, deadlineMs },
      )
      return posts.map((post) =>
        createPostCandidate({
          id: post.postId,
          authorId: post.authorId,
          createdAtMs: post.createdAtMs,
          sources: ['phoenix-topics'],
          ancestorIds: [],
          similarity: post.similarity,
        }),
      )
    },
  })
}
