import type { Selector } from '../framework/component.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import type { RecheckQuery } from '../recheck.query.ts'

/** Takes all in the order in which they came: what was returned is never re-ordered. */
export function asRankedSelector(): Selector<RecheckQuery, PostCandidate> {
  return {
    name: 'AsRankedSelector',
    select: (_query, candidates) => ({ selected: candidates, nonSelected: [] }),
  }
}
