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
        const { id } = candidate
        const originalId = originalPostIdOf(candidate)
        if (sessionServedPostIds.has(id) || sessionServedPostIds.has(originalId)) {
          return 'served in this session'
        }
        const isServed = servedPostIds?.has(id) === true || servedPostIds?.has(originalId) === true
        return !isServed || 'served minutes ago'
      },
  })
}
