import { expect, it } from 'vitest'
import {
  createTopicRules,
  matchingTopicOf,
  readsTopics,
  retrievedTopicsOf,
  topicRulesOf,
  type TopicQuery,
} from '../../../src/pipeline/topics/topic-rules.ts'
import { createTopicTree } from '../../../src/pipeline/topics/topic-tree.ts'
import { topicId } from '../home-feed-fixtures.ts'

const NAMES = ['music', 'hip-hop', 'food', 'cooking', 'pets', 'cats', 'trains', 'jazz']
const tree = createTopicTree(NAMES.map((name, index) => ({ id: topicId(index + 1), name })))
const idsOf = (...names: string[]) => names.map((name) => topicId(NAMES.indexOf(name) + 1))
const asked = { topics: idsOf(), excludedTopics: idsOf(), followed: idsOf() }

/** Published predicate: (a) surely about it, or (b) perhaps about it and surely about its kind. */
it.each<[string, string[], string[], string[], string | null]>([
  ['surely', ['food'], ['cooking'], [], 'food'],
  ['surely itself', ['cooking'], ['cooking'], [], 'cooking'],
  ['not by its sibling', ['hip-hop'], ['jazz'], [], null],
  ['not by its parent alone', ['hip-hop'], ['music'], [], null],
  ['perhaps, and surely its kind', ['hip-hop'], ['music'], ['hip-hop'], 'hip-hop'],
  ['not perhaps alone', ['hip-hop'], [], ['hip-hop'], null],
  ['not perhaps with its own kind elsewhere', ['hip-hop'], ['food'], ['hip-hop'], null],
  ['the first that matches', ['pets', 'food', 'cooking'], ['cooking'], [], 'food'],
  ['nothing without topics', ['food'], [], [], null],
])('matches %s', (_title, topics, filtered, unfiltered, match) => {
  const { wanted } = createTopicRules({ ...asked, topics: idsOf(...topics) }, tree)
  const about = { filtered: idsOf(...filtered), unfiltered: idsOf(...unfiltered) }
  const expected = match === null ? null : idsOf(match)[0]
  expect(matchingTopicOf(about, wanted)).toBe(expected)
})

it('makes seven topics a bulk request, whose opposite is all that was not asked for', () => {
  const six = idsOf('music', 'hip-hop', 'food', 'pets', 'cats', 'trains')
  expect(createTopicRules({ ...asked, topics: six }, tree).unwanted).toBeNull()
  const bulk = createTopicRules({ ...asked, topics: [...six, topicId(99)] }, tree)
  expect(bulk.unwanted).toEqual(new Set(idsOf('jazz')))
})

it('excludes what a topic stands for', () => {
  const { excluded } = createTopicRules({ ...asked, excludedTopics: idsOf('food') }, tree)
  expect(excluded).toEqual(new Set(idsOf('food', 'cooking')))
})

const filter = { topics: idsOf(), excludedTopics: idsOf() }
const follows = createTopicRules({ ...asked, followed: idsOf('pets') }, tree)

it('takes every topic alone while there are no rules', () => {
  const rules = topicRulesOf({
    filter: { ...filter, topics: idsOf('food') },
    topicRules: undefined,
  })
  expect(rules.wanted.map(({ expanded }) => [...expanded])).toEqual([idsOf('food')])
})

it.each<[string, TopicQuery, boolean, string[]]>([
  ['nothing', { filter, topicRules: undefined }, true, []],
  [
    'what is asked for',
    { filter: { ...filter, topics: idsOf('food') }, topicRules: undefined },
    true,
    ['food'],
  ],
  ['what a new viewer follows', { filter, topicRules: follows }, true, ['pets']],
  ['not that with the setting off', { filter, topicRules: follows }, false, []],
  [
    'no bulk request',
    { filter: { ...filter, topics: [1, 2, 3, 4, 5, 6, 7].map(topicId) }, topicRules: undefined },
    true,
    [],
  ],
])('retrieves among %s', (_title, query, retrievesFollowed, names) => {
  const topics = retrievedTopicsOf(query, retrievesFollowed)
  expect(topics.map(({ id }) => id)).toEqual(idsOf(...names))
})

it('reads topics only where something asks', () => {
  expect(readsTopics({ filter, topicRules: undefined })).toBe(false)
  expect(readsTopics({ filter, topicRules: follows })).toBe(true)
  const excludes = { ...filter, excludedTopics: idsOf('food') }
  expect(readsTopics({ filter: excludes, topicRules: undefined })).toBe(true)
})
