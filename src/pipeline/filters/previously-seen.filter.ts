import { originalPostIdOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'

/**
 * Removes posts that the viewer has seen, by their own or their original's id. Out of network a
 * seen parent hides its replies too; in network it would make conversations vanish.
 */
export function previouslySeenFilter() {
  return filter({
    name: 'PreviouslySeenFilter',
    reads: ['core', 'inNetwork'],
    keep(query) {
      const seen = query.seenPostIds ?? query.alsoSeenPostIds
      return (candidate) => {
        if (seen.has(candidate.id)) return 'seen'
        if (seen.has(originalPostIdOf(candidate))) return 'original seen'
        const parentId = candidate.core?.replyToPostId ?? candidate.ancestorIds[0]
        if (candidate.inNetwork === true || parentId === undefined) return true
        return !seen.has(parentId) || 'parent seen'
      }
    },
  })
}
