import { createSeenTest } from '../../store/seen/seen-generation.ts'
import { originalPostIdOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'

/**
 * Removes posts that the viewer has seen, by their own or their original's id: first by exact ids,
 * then by the filters of longer ago, which are wrong about one post in a hundred at most for each
 * that is asked. Out of network a seen parent hides its replies too; in network it would make
 * conversations vanish. Source: spec/filters.md 1.7 and 3.
 */
export function previouslySeenFilter() {
  return filter({
    name: 'PreviouslySeenFilter',
    reads: ['core', 'related', 'inNetwork'],
    keep(query) {
      const seen = query.seenPostIds ?? query.alsoSeenPostIds
      const maySeen = createSeenTest(query.seenGenerations ?? [])
      return (candidate) => {
        const originalId = originalPostIdOf(candidate)
        const parentId =
          candidate.inNetwork === true
            ? undefined
            : (candidate.core?.replyToPostId ?? candidate.ancestorIds[0])
        if (seen.has(candidate.id)) return 'seen'
        if (seen.has(originalId)) return 'original seen'
        if (parentId !== undefined && seen.has(parentId)) return 'parent seen'
        if (maySeen(candidate.id, candidate.createdAtMs)) return 'seen long ago'
        // An unknown time of creation asks every generation.
        const originalAtMs = candidate.related?.original?.createdAtMs ?? 0
        if (originalId !== candidate.id && maySeen(originalId, originalAtMs)) {
          return 'original seen long ago'
        }
        const parentAtMs = candidate.related?.parent?.createdAtMs ?? 0
        if (parentId !== undefined && maySeen(parentId, parentAtMs)) return 'parent seen long ago'
        return true
      }
    },
  })
}
