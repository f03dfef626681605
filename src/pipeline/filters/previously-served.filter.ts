import { originalPostIdOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'

/**
 * Removes posts returned to the viewer in the last minutes or ever in this session, by their own
 * or their original's id.
 */
export function previouslyServedFilter() {
  return filter({
    name: 'PreviouslyServedFilter',
    reads: ['core'],
    keep:
      ({ servedPostIds, sessionServedPostIds }) =>
      (candidate) => {
        const ids = [candidate.id, originalPostIdOf(candidate)]
        if (ids.some((id) => sessionServedPostIds.has(id))) return 'served in this session'
        return !ids.some((id) => servedPostIds?.has(id)) || 'served minutes ago'
      },
  })
}
