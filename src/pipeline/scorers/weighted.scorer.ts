import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { MUTUAL_FOLLOW_PARAMS, SCORING_PARAMS } from '../home-feed.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { createWeightedSum } from './weighted-sum.ts'
import type { ActionWeights } from './weighted-sum.ts'

/** One number of the model's heads: the offset weighted sum. Unscored posts stay unscored. */
export function weightedScorer({ weights }: { readonly weights: ActionWeights }) {
  const sum = createWeightedSum(weights)
  return scorer({
    name: 'WeightedScorer',
    reads: ['core', 'isMutualFollow', 'probabilities', 'dwellSeconds', 'videoDurationMs'],
    writes: ['weightedScore', 'videoWeightApplies', 'replyWeightBoost', 'scoredBy'],
    params: { weights, ...MUTUAL_FOLLOW_PARAMS },
    async score(query, candidates) {
      return candidates.map((candidate) => {
        const { probabilities, dwellSeconds = null } = candidate
        const rules = {
          videoWeightApplies: isVideoEligible(query, candidate.videoDurationMs),
          replyWeightBoost: replyBoost(candidate),
        }
        if (probabilities === undefined) {
          return { ...rules, weightedScore: undefined, scoredBy: undefined }
        }
        const combined = sum.combine({ probabilities, dwellSeconds, ...rules })
        return { ...rules, weightedScore: sum.offset(combined), scoredBy: 'phoenix' }
      })
    },
  })
}

/** People who follow each other talk: on their own posts, quotes too, a reply is worth more. */
function replyBoost({ core, isMutualFollow }: Pick<PostCandidate, 'core' | 'isMutualFollow'>) {
  const isOwnPost = core != null && core.replyToPostId === null && core.repostOfPostId === null
  return isOwnPost && isMutualFollow === true ? MUTUAL_FOLLOW_PARAMS.replyWeightBoost : 0
}

/** A long enough video, for a viewer without a large following. spec/scoring.md 2. */
function isVideoEligible(
  { viewerAccount }: Readonly<HomeFeedQuery>,
  videoDurationMs: PostCandidate['videoDurationMs'],
): boolean {
  const { videoDurationMsMin, videoViewerFollowersMax } = SCORING_PARAMS
  const followers = viewerAccount?.followersCount ?? 0
  return (videoDurationMs ?? 0) > videoDurationMsMin && followers < videoViewerFollowersMax
}
