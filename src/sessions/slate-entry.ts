import { createPostCandidate, originalPostIdOf } from '../pipeline/home-feed.candidate.ts'
import type { PostCandidate } from '../pipeline/home-feed.candidate.ts'
import type { SlateEntry } from './feed-session.ts'

/**
 * A candidate as a session keeps it for half an hour: identity and scores. Facts go, so that a
 * later check that cannot read them has none and withholds the post; and the probabilities leave
 * the matrix of all candidates, which would otherwise stay in memory with them.
 */
export function toSlateEntry(ranked: PostCandidate, requestId: string): SlateEntry {
  const candidate = createPostCandidate(ranked)
  candidate.probabilities = ranked.probabilities?.slice()
  candidate.dwellSeconds = ranked.dwellSeconds
  candidate.modelVersion = ranked.modelVersion
  candidate.weightedScore = ranked.weightedScore
  candidate.videoWeightApplies = ranked.videoWeightApplies
  candidate.replyWeightBoost = ranked.replyWeightBoost
  candidate.scoredBy = ranked.scoredBy
  candidate.diversityFactor = ranked.diversityFactor
  candidate.outOfNetworkFactor = ranked.outOfNetworkFactor
  candidate.slateWindow = ranked.slateWindow
  candidate.score = ranked.score
  return {
    candidate,
    verdict: ranked.visibility,
    originalPostId: originalPostIdOf(ranked),
    requestId,
  }
}
