import { selector } from '../home-feed.components.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { feedOrderOf } from './feed-order.ts'

/**
 * Orders by window, then score, and selects the slate and a little more, so that what the
 * post-selection filters take out is mostly made up for without a round of back-fill.
 */
export function topKSelector({ overSelectionFactor }: { readonly overSelectionFactor: number }) {
  return selector({
    name: 'TopKSelector',
    reads: ['score', 'scoredBy', 'slateWindow'],
    params: { overSelectionFactor },
    select({ slateSize }, candidates) {
      const ranked = feedOrderOf(candidates, ({ score }) => score)
        .map((place) => candidates[place])
        .filter((candidate) => candidate !== undefined)
        .sort(byWindow)
      const size = Math.ceil(slateSize * overSelectionFactor)
      return { selected: ranked.slice(0, size), nonSelected: ranked.slice(size) }
    },
  })
}

/** The sort keeps the order of equals. */
function byWindow(
  a: Pick<PostCandidate, 'slateWindow'>,
  b: Pick<PostCandidate, 'slateWindow'>,
): number {
  return (a.slateWindow ?? 0) - (b.slateWindow ?? 0)
}
