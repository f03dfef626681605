import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { accountAgeMsOf } from '../new-viewer.ts'

export interface OutOfNetworkOptions {
  /** In (0, 1], like the other two. */
  readonly factor: number
  /** Of a request for topics. */
  readonly topicFactor: number
  /** Of a new viewer who follows at least `newViewerFollowsMin`. */
  readonly newViewerFactor: number
  readonly newViewerFollowsMin: number
  /** ms; younger accounts are new. */
  readonly newViewerAccountAgeMsMax: number
  readonly rescoresInNetworkRepliesAndReposts: boolean
}

/**
 * Lowers what the viewer did not ask for: posts from out of network and, with the setting,
 * replies and reposts from within. Not known = not lowered. Source: spec/scoring.md 5.
 */
export function outOfNetworkScorer(options: OutOfNetworkOptions) {
  const { rescoresInNetworkRepliesAndReposts } = options
  const isLowered = ({ inNetwork, core }: Pick<PostCandidate, 'inNetwork' | 'core'>): boolean => {
    if (inNetwork === false) return true
    const isReplyOrRepost = core?.replyToPostId != null || core?.repostOfPostId != null
    return inNetwork === true && isReplyOrRepost && rescoresInNetworkRepliesAndReposts
  }
  return scorer({
    name: 'OutOfNetworkScorer',
    reads: ['inNetwork', 'core', 'score'],
    writes: ['outOfNetworkFactor', 'score'],
    params: { ...options },
    async score(query, candidates, { nowMs }) {
      const factor = factorFor(query, nowMs, options)
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

function factorFor(
  {
    filter,
    viewerAccount,
    followedIds,
  }: Pick<HomeFeedQuery, 'filter' | 'viewerAccount' | 'followedIds'>,
  nowMs: number,
  options: OutOfNetworkOptions,
): number {
  if (filter.topics.length > 0) return options.topicFactor
  const ageMs = accountAgeMsOf(viewerAccount, nowMs)
  const isNew = ageMs !== null && ageMs < options.newViewerAccountAgeMsMax
  const follows = followedIds?.size ?? 0
  if (isNew && follows >= options.newViewerFollowsMin) return options.newViewerFactor
  return options.factor
}
