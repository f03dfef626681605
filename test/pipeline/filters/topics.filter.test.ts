import { expect, it } from 'vitest'
import type { TopicId } from '../../../src/ids.ts'
import { topicsFilter } from '../../../src/pipeline/filters/topics.filter.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import { createTopicRules } from '../../../src/pipeline/topics/topic-rules.ts'
import { createTopicTree } from '../../../src/pipeline/topics/topic-tree.ts'
import { candidate, filledQuery, post, topicId } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const NAMES = ['music', 'food', 'cooking', 'pets', 'cats', 'trains', 'jazz', 'chess', 'travel']
const tree = createTopicTree(NAMES.map((name, index) => ({ id: topicId(index + 1), name })))
const idsOf = (names: readonly string[]): TopicId[] =>
  names.map((name) => topicId(NAMES.indexOf(name) + 1))
const BULK = ['music', 'food', 'cooking', 'pets', 'cats', 'trains', 'chess']
const OTHER = 'not about the topics asked for'
const EXCLUDED = 'about an excluded topic'

const list = [['cooking'], ['food', 'jazz'], ['jazz'], ['cats', 'jazz'], [], undefined].map(
  (names, index) => candidate(post(100 + index, 10), { topicIds: names && idsOf(names) }),
)

function queryFor(topics: readonly string[], excluded: readonly string[] = [], hasTree = true) {
  const filter = { ...EMPTY_FILTER, topics: idsOf(topics), excludedTopics: idsOf(excluded) }
  const topicRules = hasTree ? createTopicRules({ ...filter, followed: [] }, tree) : undefined
  return filledQuery({ filter, topicRules })
}

it.each<[string, readonly string[], readonly string[], readonly (boolean | string)[]]>([
  ['one topic', ['jazz'], [], [OTHER, true, true, true, OTHER, OTHER]],
  ['a topic that stands for others', ['food'], [], [true, true, OTHER, OTHER, OTHER, OTHER]],
  ['two topics', ['food', 'pets'], [], [true, true, OTHER, true, OTHER, OTHER]],
  ['a bulk request: only others go', BULK, [], [true, true, OTHER, true, true, true]],
  ['an excluded topic', [], ['jazz'], [true, EXCLUDED, EXCLUDED, EXCLUDED, true, true]],
  ['an excluded group', [], ['food'], [EXCLUDED, EXCLUDED, true, true, true, true]],
  ['both', ['food'], ['jazz'], [true, EXCLUDED, OTHER, OTHER, OTHER, OTHER]],
  ['the same both ways', ['food'], ['food'], [EXCLUDED, EXCLUDED, OTHER, OTHER, OTHER, OTHER]],
])('applies %s', (_title, topics, excluded, expected) => {
  const query = queryFor(topics, excluded)
  expect(topicsFilter().enable?.(query)).toBe(true)
  expect(judge(topicsFilter(), query, list)).toEqual(expected)
})

it('takes each topic alone while the table of topics cannot be read', () => {
  const query = queryFor(['food'], ['cats'], false)
  const expected = [OTHER, true, OTHER, OTHER, OTHER, OTHER]
  expect(judge(topicsFilter(), query, list)).toEqual(expected)
})

it('does not run when nothing is asked', () => {
  expect(topicsFilter().enable?.(filledQuery())).toBe(false)
})
