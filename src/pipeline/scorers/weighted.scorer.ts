import type { PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { SCORING_PARAMS } from '../home-feed.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { createWeightedSum } from './weighted-sum.ts'
import type { ActionWeights } from './weighted-sum.ts'

/** One number of the model's heads: the offset weighted sum. Unscored posts stay unscored. */
export function weightedScorer({ weights }: { readonly weights: ActionWeights }) {
  const sum = createWeightedSum(weights)
  return scorer({
    name: 'WeightedScorer',
    reads: ['probabilities', 'dwellSeconds', 'videoDurationMs'],
    writes: ['weightedScore', 'videoWeightApplies', 'scoredBy'],
    params: { weights },
    async score(query, candidates) {
      return candidates.map(({ probabilities, dwellSeconds, videoDurationMs }) => {
        const videoWeightApplies = isVideoEligible(query, videoDurationMs)
        if (probabilities === undefined) {
          return { weightedScore: undefined, videoWeightApplies, scoredBy: undefined }
        }
        const combined = sum.combine({
          probabilities,
          dwellSeconds: dwellSeconds ?? null,
          videoWeightApplies,
        })
        return { weightedScore: sum.offset(combined), videoWeightApplies, scoredBy: 'phoenix' }
      })
    },
  })
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
