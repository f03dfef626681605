import type { TopicId } from '../../ids.ts'
import { FLAT_TOPIC_TREE, type TopicTree } from './topic-tree.ts'

/** A request of more topics is a bulk request. Source: spec/params.md. */
export const BULK_TOPICS_MIN = 7

/** One topic that somebody asked for. */
export interface WantedTopic {
  readonly id: TopicId
  /** What it stands for. */
  readonly expanded: ReadonlySet<TopicId>
  /** What its parent stands for. */
  readonly superExpanded: ReadonlySet<TopicId>
}

/** What a request's topics come to. Empty lists = nothing of the kind was asked. */
export interface TopicRules {
  /** In the order of the request. */
  readonly wanted: readonly WantedTopic[]
  /** In a bulk request: all that exists and was not asked for. Null = no bulk request. */
  readonly unwanted: ReadonlySet<TopicId> | null
  readonly excluded: ReadonlySet<TopicId>
  /** Topics that a new viewer follows, when they count for the request. */
  readonly followed: readonly WantedTopic[]
}

/** What the rules are made of. */
export interface AskedTopics {
  readonly topics: readonly TopicId[]
  readonly excludedTopics: readonly TopicId[]
  readonly followed: readonly TopicId[]
}

function toWanted(ids: readonly TopicId[], tree: TopicTree): readonly WantedTopic[] {
  return ids.map((id) => ({
    id,
    expanded: tree.expand(id),
    superExpanded: tree.expandSuper(id),
  }))
}

/** Source: spec/filters.md 4, number 13. */
export function createTopicRules(asked: AskedTopics, tree: TopicTree): TopicRules {
  const wanted = toWanted(asked.topics, tree)
  const excluded = toWanted(asked.excludedTopics, tree)
  return {
    wanted,
    unwanted: wanted.length < BULK_TOPICS_MIN ? null : without(tree.ids, wanted),
    excluded: new Set(excluded.flatMap(({ expanded }) => [...expanded])),
    followed: toWanted(asked.followed, tree),
  }
}

function without(ids: ReadonlySet<TopicId>, wanted: readonly WantedTopic[]): ReadonlySet<TopicId> {
  return new Set([...ids].filter((id) => !wanted.some(({ expanded }) => expanded.has(id))))
}

/** What the rules read of a query. */
export interface TopicQuery {
  readonly filter: Pick<AskedTopics, 'topics' | 'excludedTopics'>
  /** Undefined = nothing is asked, or it could not be worked out. */
  readonly topicRules: TopicRules | undefined
}

/** The query's rules; where the tree could not be read, every topic stands for itself alone. */
export function topicRulesOf({ topicRules, filter }: TopicQuery): TopicRules {
  return topicRules ?? createTopicRules({ ...filter, followed: [] }, FLAT_TOPIC_TREE)
}

/**
 * The topics that retrieval is restricted to: those of a request that is not bulk, else, with the
 * setting, those that a new viewer follows; none = it is not restricted.
 */
export function retrievedTopicsOf(
  query: TopicQuery,
  retrievesFollowed: boolean,
): readonly WantedTopic[] {
  const { wanted, unwanted, followed } = topicRulesOf(query)
  if (unwanted !== null) return []
  return wanted.length === 0 && retrievesFollowed ? followed : wanted
}

/** Whether anything asks what posts are about. */
export function readsTopics(query: TopicQuery): boolean {
  const { wanted, excluded, followed } = topicRulesOf(query)
  return wanted.length > 0 || excluded.size > 0 || followed.length > 0
}

/** The topics of one post, by how sure they are. Ours have one list, which stands for both. */
export interface PostTopics {
  readonly filtered: readonly TopicId[]
  readonly unfiltered: readonly TopicId[]
}

/** The first of the wanted topics that the post is about; null = none. */
export function matchingTopicOf(
  { filtered, unfiltered }: PostTopics,
  wanted: readonly WantedTopic[],
): TopicId | null {
  const match = wanted.find(
    ({ expanded, superExpanded }) =>
      filtered.some((id) => expanded.has(id)) ||
      (unfiltered.some((id) => expanded.has(id)) && filtered.some((id) => superExpanded.has(id))),
  )
  return match?.id ?? null
}
