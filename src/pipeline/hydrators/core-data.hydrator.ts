import { hydrator } from '../home-feed.components.ts'
import { loadShownPosts } from './shown-posts.ts'

/**
 * The stored post and what it shows of others; deleted ones are null. Every safety rule stands on
 * these, so that without them a post is withheld.
 */
export function coreDataHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'CoreDataHydrator',
    writes: ['core', 'related'],
    failurePolicy: 'fail-closed',
    degradation: 'SAFETY_WITHHELD',
    dependency: 'database',
    timeoutMs,
    hydrate({ loaders }, candidates) {
      return loadShownPosts(loaders, candidates)
    },
  })
}
