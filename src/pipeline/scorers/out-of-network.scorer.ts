import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'

export interface OutOfNetworkOptions {
  /** In (0, 1]. */
  readonly factor: number
  readonly rescoresInNetworkRepliesAndReposts: boolean
}

/**
 * Lowers what the viewer did not ask for: posts from out of network and, with the setting,
 * replies and reposts from within. Not known = not lowered. Source: spec/scoring.md 5.
 */
export function outOfNetworkScorer(options: OutOfNetworkOptions) {
  const { factor, rescoresInNetworkRepliesAndReposts } = options
  const isLowered = ({ inNetwork, core }: Pick<PostCandidate, 'inNetwork' | 'core'>): boolean => {
    if (inNetwork === false) return true
    const isReplyOrRepost = core?.replyToPostId != null || core?.repostOfPostId != null
    return inNetwork === true && isReplyOrRepost && rescoresInNetworkRepliesAndReposts
  }
  return scorer({
    name: 'OutOfNetworkScorer',
    reads: ['inNetwork', 'core', 'score'],
    writes: ['outOfNetworkFactor', 'score'],
    params: { factor, rescoresInNetworkRepliesAndReposts },
    async score(_query, candidates) {
      return candidates.map((candidate) => {
        const outOfNetworkFactor = isLowered(candidate) ? factor : 1
        const { score } = candidate
        return {
          outOfNetworkFactor,
          score: score === undefined ? undefined : score * outOfNetworkFactor,
        }
      })
    },
  })
}
