import { selector } from '../home-feed.components.ts'
import { compareForFeed } from './compare-by-score.ts'

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
      const ranked = candidates.toSorted(
        (a, b) => (a.slateWindow ?? 0) - (b.slateWindow ?? 0) || compareForFeed(a, b),
      )
      const size = Math.ceil(slateSize * overSelectionFactor)
      return { selected: ranked.slice(0, size), nonSelected: ranked.slice(size) }
    },
  })
}
