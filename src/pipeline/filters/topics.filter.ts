import type { TopicId } from '../../ids.ts'
import { filter } from '../home-feed.components.ts'
import { matchingTopicOf, topicRulesOf, type TopicRules } from '../topics/topic-rules.ts'

/**
 * Keeps what the request's topics cover, if it names any, and removes what is about an excluded
 * one. A bulk request removes only what is about other topics alone, so that posts without topics
 * stay; so they do where topics are excluded. Source: spec/filters.md 4, decisions.md.
 */
export function topicsFilter() {
  return filter({
    name: 'TopicsFilter',
    reads: ['topicIds'],
    enable: ({ filter: asked }) => asked.topics.length > 0 || asked.excludedTopics.length > 0,
    keep: (query) => {
      const rules = topicRulesOf(query)
      return ({ topicIds = [] }) => {
        if (!isWanted(topicIds, rules)) return 'not about the topics asked for'
        return !topicIds.some((id) => rules.excluded.has(id)) || 'about an excluded topic'
      }
    },
  })
}

function isWanted(topicIds: readonly TopicId[], { wanted, unwanted }: TopicRules): boolean {
  if (wanted.length === 0) return true
  if (unwanted !== null) return topicIds.length === 0 || !topicIds.every((id) => unwanted.has(id))
  return matchingTopicOf({ filtered: topicIds, unfiltered: topicIds }, wanted) !== null
}
