import { createHash } from 'node:crypto'
import type { PostId, UserId } from '../../ids.ts'
import type { Thunder, ThunderPost } from '../../thunder/thunder.ts'
import { createPostCandidate } from '../home-feed.candidate.ts'
import { source } from '../home-feed.components.ts'

export interface ThunderSourceOptions {
  readonly thunder: Thunder
  readonly postsMax: number
  readonly timeoutMs: number
  /** Whether Thunder lacks events that it should have by now; default never. */
  readonly isStale?: (() => boolean) | undefined
}

/**
 * Recent posts of the accounts that the viewer follows, without what was seen or served here. An
 * event log that is behind makes the answer stale; it does not make it fail.
 */
export function thunderSource(options: ThunderSourceOptions) {
  const { thunder, postsMax, timeoutMs, isStale = () => false } = options
  return source({
    name: 'ThunderSource',
    failurePolicy: 'replace',
    replacement: 'out-of-network only',
    degradation: 'OUT_OF_NETWORK_ONLY',
    dependency: 'thunder',
    timeoutMs,
    params: { postsMax },
    enable: ({ followedIds }) => followedIds !== undefined,
    async fetch(query, context) {
      if (isStale()) context.degrade('STALE_GRAPH', 'event-log')
      const authorIds = [...(query.followedIds ?? [])]
      const posts = thunder.recentPosts({
        viewerId: query.viewerId,
        authorIds,
        followsVersion: versionOf(authorIds),
        excludedPostIds: new Set([
          ...(query.seenPostIds ?? query.alsoSeenPostIds),
          ...query.sessionServedPostIds,
        ]),
        resultsMax: postsMax,
      })
      return posts.map((post) =>
        createPostCandidate({
          id: post.postId,
          authorId: post.authorId,
          createdAtMs: post.createdAtMs,
          sources: ['thunder'],
          ancestorIds: ancestorIdsOf(post),
          similarity: null,
        }),
      )
    },
  })
}

/** The list's own digest: nobody has to count its changes, and none can be missed. */
function versionOf(authorIds: readonly UserId[]): string {
  return createHash('sha256').update(authorIds.join()).digest('base64')
}

function ancestorIdsOf({ replyToPostId, conversationId }: ThunderPost): readonly PostId[] {
  if (replyToPostId === null) return []
  return conversationId === null || conversationId === replyToPostId
    ? [replyToPostId]
    : [replyToPostId, conversationId]
}
