import { hydrator } from '../home-feed.components.ts'
import { loadEach } from './load-each.ts'
import { loadShownPosts, subjectOf } from './shown-posts.ts'

/** How often others acted on what is shown: on the original, for a repost. */
export function engagementCountsHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'EngagementCountsHydrator',
    writes: ['engagementCounts'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    async hydrate({ loaders }, candidates) {
      const shown = await loadShownPosts(loaders, candidates)
      const subjects = shown.map((each) => (each instanceof Error ? null : subjectOf(each)))
      const counts = await loadEach(
        loaders.engagementCounts,
        subjects.flatMap((post) => post?.id ?? []),
      )
      return shown.map((each, index) => {
        if (each instanceof Error) return each
        const subject = subjects[index]
        const known = subject == null ? null : (counts.get(subject.id) ?? null)
        return known instanceof Error ? known : { engagementCounts: known }
      })
    },
  })
}
