import { expect, it } from 'vitest'
import { followedTopicsFilter } from '../../../src/pipeline/filters/followed-topics.filter.ts'
import { createTopicRules } from '../../../src/pipeline/topics/topic-rules.ts'
import { createTopicTree } from '../../../src/pipeline/topics/topic-tree.ts'
import { candidate, filledQuery, post, topicId } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const FOOD = topicId(1)
const COOKING = topicId(2)
const tree = createTopicTree([
  { id: FOOD, name: 'food' },
  { id: COOKING, name: 'cooking' },
])
const rules = { topics: [], excludedTopics: [], followed: [FOOD] }
const query = filledQuery({ topicRules: createTopicRules(rules, tree) })
const on = followedTopicsFilter({ keepsFollowedTopicsOnly: true })

it('keeps followed topics and what comes from within', () => {
  const plain = post(100, 10)
  const list = [
    candidate(plain, { inNetwork: false, topicIds: [COOKING] }),
    candidate(plain, { inNetwork: false, topicIds: [topicId(9)] }),
    candidate(plain, { inNetwork: false, topicIds: [] }),
    candidate(plain, { inNetwork: undefined, topicIds: undefined }),
    candidate(plain, { inNetwork: true, topicIds: [] }),
  ]
  const gone = 'not about followed topics'
  expect(judge(on, query, list)).toEqual([true, gone, gone, gone, true])
})

it('rests without followed topics, and with the setting off', () => {
  expect(on.enable?.(query)).toBe(true)
  expect(on.enable?.(filledQuery())).toBe(false)
  const off = followedTopicsFilter({ keepsFollowedTopicsOnly: false })
  expect(off.enable?.(query)).toBe(false)
})
