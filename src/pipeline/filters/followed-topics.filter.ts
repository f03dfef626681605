import { filter } from '../home-feed.components.ts'
import { topicRulesOf } from '../topics/topic-rules.ts'

/**
 * Keeps, for new viewers who follow topics, only those out of network. Off by default; see
 * `newViewer` of the parameters. Source: spec/filters.md 4, number 14.
 */
export function followedTopicsFilter({
  keepsFollowedTopicsOnly,
}: {
  readonly keepsFollowedTopicsOnly: boolean
}) {
  return filter({
    name: 'FollowedTopicsFilter',
    reads: ['inNetwork', 'topicIds'],
    params: { keepsFollowedTopicsOnly },
    enable: (query) => keepsFollowedTopicsOnly && topicRulesOf(query).followed.length > 0,
    keep: (query) => {
      const { followed } = topicRulesOf(query)
      const covered = new Set(followed.flatMap(({ expanded }) => [...expanded]))
      return ({ inNetwork, topicIds = [] }) =>
        inNetwork === true || topicIds.some((id) => covered.has(id)) || 'not about followed topics'
    },
  })
}
