import type { UserId } from '../../ids.ts'
import type { UserRecord } from '../../store/records.ts'
import { actorIdsOf } from '../home-feed.candidate.ts'
import { hydrator } from '../home-feed.components.ts'
import { loadShownPosts } from './shown-posts.ts'

/** The author, a repost's original author, and the handles of everyone whom the post shows. */
export function authorHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'AuthorHydrator',
    writes: ['author', 'originalAuthor', 'actorHandles'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    async hydrate({ loaders }, candidates) {
      const shown = await loadShownPosts(loaders, candidates)
      const actorIds = candidates.map(({ authorId }, index) => {
        const each = shown[index]
        return each === undefined || each instanceof Error ? [] : actorIdsOf({ authorId, ...each })
      })
      const users = await loaders.users.loadMany(actorIds.flat())
      let next = 0
      return candidates.map(({ authorId }, index) => {
        const each = shown[index]
        if (each === undefined || each instanceof Error) {
          return each ?? new Error('posts were not read')
        }
        const actors = users.slice(next, (next += actorIds[index]?.length ?? 0))
        const known = knownOf(actors)
        if (known instanceof Error) return known
        const originalAuthorId = each.core?.repostOfUserId ?? null
        return {
          author: userIn(known, authorId),
          originalAuthor: originalAuthorId === null ? null : userIn(known, originalAuthorId),
          actorHandles: handlesOf(known),
        }
      })
    },
  })
}

/** The first that could not be read stands for all. */
function knownOf(
  actors: readonly (UserRecord | null | Error)[],
): readonly (UserRecord | null)[] | Error {
  for (const actor of actors) if (actor instanceof Error) return actor
  return actors as readonly (UserRecord | null)[]
}

function handlesOf(actors: readonly (UserRecord | null)[]): readonly string[] {
  const handles: string[] = []
  for (const actor of actors) if (actor !== null) handles.push(actor.handle)
  return handles
}

function userIn(actors: readonly (UserRecord | null)[], id: UserId): UserRecord | null {
  for (const user of actors) if (user?.id === id) return user
  return null
}
