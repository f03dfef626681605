import type { Selector } from '../framework/component.ts'

/** Takes all in the order in which they came: what was returned is never re-ordered. */
export function asRankedSelector<Q, C>(): Selector<Q, C> {
  return {
    name: 'AsRankedSelector',
    select: (_query, candidates) => ({ selected: candidates, nonSelected: [] }),
  }
}
