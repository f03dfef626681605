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
      const actorIds: UserId[] = []
      /** Of each candidate, the end of its actors. */
      const ends = candidates.map(({ authorId }, index) => {
        const each = shown[index]
        if (each === undefined || each instanceof Error) return actorIds.length
        return actorIds.push(...actorIdsOf({ authorId, ...each }))
      })
      const users = await loaders.users.loadMany(actorIds)
      return candidates.map(({ authorId }, index) => {
        const each = shown[index]
        if (each === undefined || each instanceof Error) {
          return each ?? new Error('posts were not read')
        }
        const actors = users.slice(ends[index - 1] ?? 0, ends[index])
        return toPatch(actors, authorId, each.core?.repostOfUserId ?? null)
      })
    },
  })
}

/** Or why one of the actors could not be read. */
function toPatch(
  actors: readonly (UserRecord | null | Error)[],
  authorId: UserId,
  originalAuthorId: UserId | null,
) {
  let author: UserRecord | null = null
  let originalAuthor: UserRecord | null = null
  const actorHandles: string[] = []
  for (const actor of actors) {
    if (actor instanceof Error) return actor
    if (actor === null) continue
    if (actor.id === authorId) author = actor
    if (actor.id === originalAuthorId) originalAuthor = actor
    actorHandles.push(actor.handle)
  }
  return { author, originalAuthor, actorHandles }
}
