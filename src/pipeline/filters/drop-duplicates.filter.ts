import type { PostId } from '../../ids.ts'
import { filter } from '../home-feed.components.ts'

/** Keeps the first of equal own ids. The runner has merged them already: this is the invariant. */
export function dropDuplicatesFilter() {
  return filter({
    name: 'DropDuplicatesFilter',
    keep(_query, candidates) {
      const firstIndex = new Map<PostId, number>()
      candidates.forEach(({ id }, index) => {
        if (!firstIndex.has(id)) firstIndex.set(id, index)
      })
      return ({ id }, index) => firstIndex.get(id) === index
    },
  })
}
