import type { PostId } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { originalPostIdOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'
import { compareByScore } from '../selectors/compare-by-score.ts'

type Scored = Pick<PostCandidate, 'id' | 'createdAtMs' | 'core' | 'related' | 'score' | 'scoredBy'>

/** Keeps the best-scored post of each conversation at its own place; of equals the earlier. */
export function conversationFilter() {
  return filter({
    name: 'ConversationFilter',
    reads: ['core', 'related', 'score', 'scoredBy'],
    keep(_query, candidates) {
      const best = new Map<PostId, { readonly candidate: Scored; readonly index: number }>()
      candidates.forEach((candidate, index) => {
        const conversation = conversationIdOf(candidate)
        const known = best.get(conversation)
        if (known === undefined || compareByScore(candidate, known.candidate) < 0) {
          best.set(conversation, { candidate, index })
        }
      })
      return (candidate, index) =>
        best.get(conversationIdOf(candidate))?.index === index ||
        'another post of the conversation scores higher'
    },
  })
}

/** The stored conversation's, else the original post's. */
function conversationIdOf(candidate: Scored): PostId {
  const subject = candidate.related?.original ?? candidate.core
  return subject?.conversationId ?? originalPostIdOf(candidate)
}
