import type { PostId } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { originalPostIdOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'

/**
 * Keeps the first of a post and its reposts, whichever it is. Reposts of accounts whose reposts
 * the viewer does not want claim nothing: later filters remove them, and the post itself must not
 * vanish with them.
 */
export function repostDeduplicationFilter() {
  return filter({
    name: 'RepostDeduplicationFilter',
    reads: ['core'],
    keep(query, candidates) {
      const claimedBy = new Map<PostId, number>()
      candidates.forEach((candidate, index) => {
        if (isUnwantedRepost(query, candidate)) return
        const original = originalPostIdOf(candidate)
        if (!claimedBy.has(original)) claimedBy.set(original, index)
      })
      return (candidate, index) => {
        if (isUnwantedRepost(query, candidate)) return true
        const first = claimedBy.get(originalPostIdOf(candidate))
        return first === index || 'another item shows the same post'
      }
    },
  })
}

function isUnwantedRepost(
  { mutedRepostIds, mutedIds, blockedIds, blockedByIds }: Readonly<HomeFeedQuery>,
  { authorId, core }: Pick<PostCandidate, 'authorId' | 'core'>,
): boolean {
  if (core?.repostOfPostId == null) return false
  return [mutedRepostIds, mutedIds, blockedIds, blockedByIds].some((ids) => ids?.has(authorId))
}
