import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import type { HomeFeedParams } from '../home-feed.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { createWeightedSum } from './weighted-sum.ts'

export type WeightedScorerOptions = Pick<
  HomeFeedParams,
  'actionWeights' | 'absentHeadWeights' | 'scoring' | 'mutualFollow'
>

/**
 * One number of the model's heads: the offset weighted sum. Unscored posts stay unscored. It is the
 * score too, as long as no later scorer changes it.
 */
export function weightedScorer(options: WeightedScorerOptions) {
  const { actionWeights, absentHeadWeights, scoring, mutualFollow } = options
  const sum = createWeightedSum({ actionWeights, absentHeadWeights, scoring })
  return scorer({
    name: 'WeightedScorer',
    reads: ['core', 'isMutualFollow', 'probabilities', 'dwellSeconds', 'videoDurationMs'],
    writes: ['weightedScore', 'videoWeightApplies', 'replyWeightBoost', 'scoredBy', 'score'],
    params: { ...actionWeights, ...scoring, ...mutualFollow },
    async score(query, candidates) {
      return candidates.map((candidate) => {
        const { probabilities, dwellSeconds = null } = candidate
        const videoWeightApplies = isVideoEligible(query, candidate.videoDurationMs, scoring)
        const replyWeightBoost = isTalkAmongFriends(candidate) ? mutualFollow.replyWeightBoost : 0
        const rules = { videoWeightApplies, replyWeightBoost }
        if (probabilities === undefined) {
          return { ...rules, weightedScore: undefined, scoredBy: undefined, score: undefined }
        }
        const heads = { probabilities, dwellSeconds, videoWeightApplies, replyWeightBoost }
        const score = sum.offset(sum.combine(heads))
        return { ...rules, weightedScore: score, scoredBy: 'phoenix', score }
      })
    },
  })
}

/** People who follow each other talk: on their own posts, quotes too, a reply is worth more. */
function isTalkAmongFriends({
  core,
  isMutualFollow,
}: Pick<PostCandidate, 'core' | 'isMutualFollow'>): boolean {
  const isOwnPost = core != null && core.replyToPostId === null && core.repostOfPostId === null
  return isOwnPost && isMutualFollow === true
}

/** A long enough video, for a viewer without a large following. spec/scoring.md 2. */
function isVideoEligible(
  { viewerAccount }: Readonly<HomeFeedQuery>,
  videoDurationMs: PostCandidate['videoDurationMs'],
  { videoDurationMsMin, videoViewerFollowersMax }: HomeFeedParams['scoring'],
): boolean {
  const followers = viewerAccount?.followersCount ?? 0
  return (videoDurationMs ?? 0) > videoDurationMsMin && followers < videoViewerFollowersMax
}
