import type { UserId } from '../../ids.ts'
import type { UserRecord } from '../../store/records.ts'
import { actorIdsOf } from '../home-feed.candidate.ts'
import { hydrator } from '../home-feed.components.ts'
import { loadEach } from './load-each.ts'
import { loadShownPosts } from './shown-posts.ts'

type Users = ReadonlyMap<UserId, UserRecord | null | Error>

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
      const users = await loadEach(loaders.users, actorIds.flat())
      return candidates.map(({ authorId }, index) => {
        const each = shown[index]
        if (each === undefined || each instanceof Error) {
          return each ?? new Error('posts were not read')
        }
        const actors = usersOf(users, actorIds[index] ?? [])
        if (actors instanceof Error) return actors
        const originalAuthorId = each.core?.repostOfUserId ?? null
        return {
          author: userIn(actors, authorId),
          originalAuthor: originalAuthorId === null ? null : userIn(actors, originalAuthorId),
          actorHandles: handlesOf(actors),
        }
      })
    },
  })
}

function usersOf(users: Users, ids: readonly UserId[]): readonly (UserRecord | null)[] | Error {
  const actors = ids.map((id) => users.get(id) ?? null)
  for (const actor of actors) if (actor instanceof Error) return actor
  return actors as readonly (UserRecord | null)[]
}

function handlesOf(actors: readonly (UserRecord | null)[]): readonly string[] {
  const known = actors.includes(null) ? actors.filter((user) => user !== null) : actors
  return (known as readonly UserRecord[]).map(({ handle }) => handle)
}

function userIn(actors: readonly (UserRecord | null)[], id: UserId): UserRecord | null {
  for (const user of actors) if (user?.id === id) return user
  return null
}
