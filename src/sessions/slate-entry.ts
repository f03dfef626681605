import { originalPostIdOf } from '../pipeline/home-feed.candidate.ts'
import type { PostCandidate } from '../pipeline/home-feed.candidate.ts'
import type { SlateEntry } from './feed-session.ts'

/**
 * A candidate as a session keeps it for half an hour: identity and scores. Facts go, so that a
 * later check that cannot read them has none and withholds the post; and the probabilities leave
 * the matrix of all candidates, which would otherwise stay in memory with them.
 */
export function toSlateEntry(candidate: PostCandidate, requestId: string): SlateEntry {
  return {
    candidate: {
      ...candidate,
      inNetwork: undefined,
      core: undefined,
      related: undefined,
      author: undefined,
      originalAuthor: undefined,
      mediaKinds: undefined,
      altTexts: undefined,
      subscriptionAuthorId: undefined,
      engagementCounts: undefined,
      visibility: undefined,
      probabilities: candidate.probabilities?.slice(),
    },
    verdict: candidate.visibility,
    originalPostId: originalPostIdOf(candidate),
    requestId,
  }
}
