import { hydrator } from '../home-feed.components.ts'
import { matchingTopicOf, readsTopics, topicRulesOf } from '../topics/topic-rules.ts'
import { loadEach } from './load-each.ts'
import { loadShownPosts, subjectOf } from './shown-posts.ts'

/**
 * What posts are about (the original, for a repost), and which wanted topic that answers to. Read
 * only where topics are asked for.
 */
export function topicsHydrator({ timeoutMs }: { readonly timeoutMs: number }) {
  return hydrator({
    name: 'TopicsHydrator',
    writes: ['topicIds', 'matchedTopicId'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    enable: readsTopics,
    async hydrate(query, candidates) {
      const { wanted, followed } = topicRulesOf(query)
      const shown = await loadShownPosts(query.loaders, candidates)
      const subjects = shown.map((each) => (each instanceof Error ? null : subjectOf(each)))
      const topics = await loadEach(
        query.loaders.postTopics,
        subjects.flatMap((post) => post?.id ?? []),
      )
      return shown.map((each, index) => {
        if (each instanceof Error) return each
        const subject = subjects[index]
        const topicIds = subject == null ? [] : (topics.get(subject.id) ?? [])
        if (topicIds instanceof Error) return topicIds
        const about = { filtered: topicIds, unfiltered: topicIds }
        return { topicIds, matchedTopicId: matchingTopicOf(about, [...wanted, ...followed]) }
      })
    },
  })
}
