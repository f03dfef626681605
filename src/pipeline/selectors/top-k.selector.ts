import { selector } from '../home-feed.components.ts'
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
      const windows: (typeof candidates)[number][][] = []
      for (const place of feedOrderOf(candidates, ({ score }) => score)) {
        const candidate = candidates[place]
        if (candidate !== undefined) (windows[candidate.slateWindow ?? 0] ??= []).push(candidate)
      }
      const ranked = windows.flat()
      const size = Math.ceil(slateSize * overSelectionFactor)
      return { selected: ranked.slice(0, size), nonSelected: ranked.slice(size) }
    },
  })
}
