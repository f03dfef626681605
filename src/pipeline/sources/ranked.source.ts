import type { Source } from '../framework/component.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import type { RecheckQuery } from '../recheck.query.ts'

/** Posts ranked before, with their scores; all that decides who may see them is to be read anew. */
export function rankedSource(): Source<RecheckQuery, PostCandidate> {
  return {
    name: 'RankedSource',
    async fetch({ ranked }) {
      return ranked.map((candidate) => ({
        ...candidate,
        inNetwork: undefined,
        core: undefined,
        related: undefined,
        author: undefined,
        originalAuthor: undefined,
        actorHandles: undefined,
        mediaKinds: undefined,
        altTexts: undefined,
        videoDurationMs: undefined,
        subscriptionAuthorId: undefined,
        engagementCounts: undefined,
        topicIds: undefined,
        isMutualFollow: undefined,
        visibility: undefined,
        ancillaryVisibility: undefined,
      }))
    },
  }
}
