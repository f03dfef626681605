import { actorIdsOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'
import { withheld } from './withheld.ts'

/**
 * Removes posts that show anyone whom the viewer blocks or mutes or who blocks the viewer: author,
 * reposted, quoted, parent's and root's. Also reposts by accounts whose reposts are muted.
 */
export function authorSocialGraphFilter() {
  return filter({
    name: 'AuthorSocialGraphFilter',
    reads: ['core', 'related'],
    failurePolicy: 'fail-closed',
    keep({ viewerId, blockedIds, blockedByIds, mutedIds, mutedRepostIds }) {
      if (
        blockedIds === undefined ||
        blockedByIds === undefined ||
        mutedIds === undefined ||
        mutedRepostIds === undefined
      ) {
        return () => withheld('blocks and mutes')
      }
      return (candidate) => {
        const { core, related, authorId } = candidate
        if (core === undefined || related === undefined) return withheld('actors')
        for (const id of actorIdsOf(candidate)) {
          if (id === viewerId) continue
          if (blockedIds.has(id)) return 'shows an account that the viewer blocks'
          if (blockedByIds.has(id)) return 'shows an account that blocks the viewer'
          if (mutedIds.has(id)) return 'shows an account that the viewer mutes'
        }
        const isRepost = core?.repostOfPostId != null
        return !(isRepost && mutedRepostIds.has(authorId)) || 'reposts of the account are muted'
      }
    },
  })
}
