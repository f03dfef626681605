import type { TopicId } from '../../ids.ts'
import type { TopicRecord } from '../../store/records.ts'
import { TOPIC_CHILDREN, TOPIC_EXPANSIONS } from './topic-names.ts'

/** How the topics of one table hang together. A topic that the tree does not know is alone. */
export interface TopicTree {
  /** Every topic that there is. */
  readonly ids: ReadonlySet<TopicId>
  /** What a request for the topic stands for: itself and, for some, more. */
  expand(id: TopicId): ReadonlySet<TopicId>
  /** Its parent, as far as the table has it; else itself. */
  supertopic(id: TopicId): TopicId
  /** What its parent stands for, in which it need not be itself. */
  expandSuper(id: TopicId): ReadonlySet<TopicId>
}

const PARENTS: ReadonlyMap<string, string> = new Map(
  Object.entries(TOPIC_CHILDREN).flatMap(([parent, children]) =>
    children.map((child) => [child, parent] as const),
  ),
)

function toKey(name: string): string {
  return name.trim().toLowerCase()
}

/** The tree over a table, by name, whatever the case. Source: spec/filters.md 4 and 9. */
export function createTopicTree(topics: readonly TopicRecord[]): TopicTree {
  const idsByName = new Map(topics.map(({ id, name }) => [toKey(name), id]))
  const namesById = new Map(topics.map(({ id, name }) => [id, toKey(name)]))

  function expand(id: TopicId): ReadonlySet<TopicId> {
    const members = TOPIC_EXPANSIONS[namesById.get(id) ?? ''] ?? []
    return new Set([id, ...members.flatMap((name) => idsByName.get(name) ?? [])])
  }
  function supertopic(id: TopicId): TopicId {
    const parent = PARENTS.get(namesById.get(id) ?? '')
    return (parent === undefined ? undefined : idsByName.get(parent)) ?? id
  }
  return {
    ids: new Set(namesById.keys()),
    expand,
    supertopic,
    expandSuper: (id) => expand(supertopic(id)),
  }
}

/** Stands in while the table cannot be read: every topic is alone. */
export const FLAT_TOPIC_TREE: TopicTree = createTopicTree([])

/** Topics that stand for any of these, beside themselves: what people may ask for. */
export function topicGroupsOf(names: readonly string[]): readonly string[] {
  const known = new Set(names.map(toKey))
  return Object.entries(TOPIC_EXPANSIONS)
    .filter(([group, members]) => !known.has(group) && members.some((name) => known.has(name)))
    .map(([group]) => group)
}
