import { hydrator } from '../home-feed.components.ts'
import { loadShownPosts, subjectOf } from './shown-posts.ts'

/** Whose subscribers alone may read the post, or what it reposts; null = anybody. */
export function subscriptionHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'SubscriptionHydrator',
    writes: ['subscriptionAuthorId'],
    failurePolicy: 'fail-closed',
    degradation: 'SAFETY_WITHHELD',
    dependency: 'database',
    timeoutMs,
    async hydrate({ loaders }, candidates) {
      const shown = await loadShownPosts(loaders, candidates)
      return shown.map((each) => {
        if (each instanceof Error) return each
        const subject = subjectOf(each)
        return {
          subscriptionAuthorId: subject?.subscribersOnly === true ? subject.authorId : null,
        }
      })
    },
  })
}
