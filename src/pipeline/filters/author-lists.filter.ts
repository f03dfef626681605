import { actorIdsOf } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'
import type { AuthorLists } from '../visibility/author-lists.ts'
import { withheld } from './withheld.ts'

/**
 * Removes posts that show an account which is recommended to nobody, unless the viewer follows it:
 * author, reposted, quoted, parent's or root's. Source: spec/filters.md 5, generalised.
 */
export function authorListsFilter({ authorLists }: { readonly authorLists: AuthorLists }) {
  const { notRecommendedAuthorIds: listed } = authorLists
  return filter({
    name: 'AuthorListsFilter',
    reads: ['core', 'related'],
    failurePolicy: 'fail-closed',
    params: { notRecommendedAuthors: listed.size },
    enable: () => listed.size > 0,
    keep:
      ({ viewerId, followedIds }) =>
      (candidate) => {
        if (candidate.core === undefined || candidate.related === undefined) {
          return withheld('actors')
        }
        const shown = actorIdsOf(candidate).find(
          (id) => listed.has(id) && id !== viewerId && followedIds?.has(id) !== true,
        )
        return shown === undefined || 'shows an account that is not recommended'
      },
  })
}
