import type { TopicId } from '../../ids.ts'
import type { TopicRecord } from '../../store/records.ts'
import type { TopicStore } from '../../store/topic-store.ts'
import { queryHydrator } from '../home-feed.components.ts'
import { accountAgeMsOf } from '../new-viewer.ts'
import { createTopicRules } from '../topics/topic-rules.ts'
import { createTopicTree, type TopicTree } from '../topics/topic-tree.ts'

export interface TopicRulesOptions {
  readonly topics: Pick<TopicStore, 'topics'>
  readonly retrievesFollowedTopics: boolean
  readonly keepsFollowedTopicsOnly: boolean
  readonly topicsAccountAgeMsMax: number
  readonly timeoutMs: number
}

/**
 * What the request's topics stand for, and those that a new viewer follows: they count when no
 * topics are asked for, unless the feed is of followed accounts only. Without the table of topics
 * each stands for itself.
 */
export function topicRulesQueryHydrator(options: TopicRulesOptions) {
  const { topics, topicsAccountAgeMsMax, timeoutMs } = options
  const { retrievesFollowedTopics, keepsFollowedTopicsOnly } = options
  const readsFollowed = retrievesFollowedTopics || keepsFollowedTopicsOnly
  const treeOf = createTreeMemory()
  return queryHydrator({
    name: 'TopicRulesQueryHydrator',
    reads: ['followedTopicIds', 'viewerAccount'],
    writes: ['topicRules'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { retrievesFollowedTopics, keepsFollowedTopicsOnly, topicsAccountAgeMsMax },
    enable: ({ filter, followedTopicIds }) =>
      filter.topics.length > 0 ||
      filter.excludedTopics.length > 0 ||
      (readsFollowed && (followedTopicIds?.length ?? 0) > 0),
    async hydrate({ filter, followedTopicIds, viewerAccount }, { nowMs }) {
      const ageMs = accountAgeMsOf(viewerAccount, nowMs)
      const isNew = ageMs !== null && ageMs < topicsAccountAgeMsMax
      const counts = readsFollowed && isNew && filter.topics.length === 0 && !filter.inNetworkOnly
      const followed: readonly TopicId[] = counts ? (followedTopicIds ?? []) : []
      const tree = treeOf(await topics.topics(nowMs))
      return { topicRules: createTopicRules({ ...filter, followed }, tree) }
    },
  })
}

/** The tree of one list of topics, made once. */
function createTreeMemory(): (topics: readonly TopicRecord[]) => TopicTree {
  const trees = new WeakMap<readonly TopicRecord[], TopicTree>()
  return (topics) => {
    const known = trees.get(topics)
    if (known !== undefined) return known
    const tree = createTopicTree(topics)
    trees.set(topics, tree)
    return tree
  }
}
