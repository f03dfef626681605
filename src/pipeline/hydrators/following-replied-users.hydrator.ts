import { compareIdsDescending } from '../../ids.ts'
import type { PostId, UserId } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { hydrator } from '../home-feed.components.ts'
import { isFaceShown } from '../visibility/is-face-shown.ts'

export interface FollowingRepliedUsersOptions {
  /** Posts of a slate that show faces; 0 = none. */
  readonly postsMax: number
  /** Fewer repliers than this, the author not counted, show nothing. */
  readonly usersMin: number
  readonly usersMax: number
  /** Followers that a viewer needs. */
  readonly viewerFollowersMin: number
}

/**
 * Who of the followed accounts replied to a post, by the replies that Thunder brought, before any
 * filter takes them out. Ascending ids; [] for replies and reposts. Source: spec/hydrators.md 6.
 */
export function followingRepliedUsersHydrator(options: FollowingRepliedUsersOptions) {
  const { postsMax, usersMin, usersMax, viewerFollowersMin } = options
  return hydrator({
    name: 'FollowingRepliedUsersHydrator',
    writes: ['followingRepliedUserIds'],
    params: { postsMax, usersMin, usersMax, viewerFollowersMin },
    enable: ({ viewerAccount }) =>
      postsMax > 0 && (viewerAccount?.followersCount ?? -1) >= viewerFollowersMin,
    async hydrate(query, candidates) {
      const repliers = new Map<PostId, Set<UserId>>()
      for (const { authorId, ancestorIds, sources } of candidates) {
        const [parentId] = ancestorIds
        if (parentId === undefined || !sources.includes('thunder')) continue
        if (!isFaceShown(authorId, query)) continue
        const known = repliers.get(parentId)
        if (known === undefined) repliers.set(parentId, new Set([authorId]))
        else known.add(authorId)
      }
      return candidates.map(({ id, authorId, ancestorIds }) => {
        const known = repliers.get(id)
        if (known === undefined) return NOBODY
        const others = [...known].filter((replier) => replier !== authorId)
        const isEligible = ancestorIds.length === 0 && others.length >= Math.max(1, usersMin)
        return {
          followingRepliedUserIds: isEligible ? ascending(others).slice(0, usersMax) : [],
        }
      })
    },
  })
}

/** What most posts have: one object for all of them. */
const NOBODY = { followingRepliedUserIds: [] } as const

function ascending(ids: readonly UserId[]): readonly UserId[] {
  return ids.toSorted((left, right) => compareIdsDescending(right, left))
}

/** Leaves faces at the first `postsMax` posts of a finished slate. */
export function limitFaces(
  selected: readonly Pick<PostCandidate, 'followingRepliedUserIds'>[],
  postsMax: number,
): void {
  let posts = 0
  for (const candidate of selected) {
    if ((candidate.followingRepliedUserIds?.length ?? 0) === 0) continue
    posts += 1
    if (posts > postsMax) candidate.followingRepliedUserIds = []
  }
}
