import { expect, it } from 'vitest'
import { createTopicTree, topicGroupsOf } from '../../../src/pipeline/topics/topic-tree.ts'
import { TOPIC_CHILDREN, TOPIC_EXPANSIONS } from '../../../src/pipeline/topics/topic-names.ts'
import { trustTopicId } from '../../../src/ids.ts'
import type { TopicId } from '../../../src/ids.ts'

const NAMES = [
  ...new Set([
    ...Object.keys(TOPIC_EXPANSIONS),
    ...Object.values(TOPIC_EXPANSIONS).flat(),
    ...Object.keys(TOPIC_CHILDREN),
    ...Object.values(TOPIC_CHILDREN).flat(),
    'trains',
  ]),
]
const idOf = (name: string): TopicId => trustTopicId(NAMES.indexOf(name) + 1)
const nameOf = (id: TopicId): string => NAMES[Number(id) - 1] ?? ''
const tree = createTopicTree(NAMES.map((name) => ({ id: idOf(name), name })))
const names = (ids: ReadonlySet<TopicId>): string[] => [...ids].map(nameOf).toSorted()

it.each<[string, readonly string[]]>([
  [
    'soccer',
    ['bundesliga', 'champions league', 'conference league', 'europa league', 'la liga', 'ligue 1'],
  ],
  ['basketball', ['nba', 'wnba']],
  ['american football', ['ncaa', 'nfl']],
  ['racing', ['f1', 'nascar']],
  ['news', ['natural disasters']],
  ['food', ['baking', 'coffee', 'cooking', 'drinks', 'restaurants']],
  ['pets', ['cats', 'dogs']],
  ['family', ['marriage', 'parenting']],
  ['music', []],
  ['nba', []],
  ['trains', []],
])('expands %s to itself and its own', (name, others) => {
  expect(names(tree.expand(idOf(name)))).toEqual([name, ...others].toSorted())
})

it('leaves two leagues out of soccer, as published, but not out of all sports', () => {
  expect(names(tree.expand(idOf('soccer')))).not.toContain('serie a')
  expect(names(tree.expand(idOf('all sports')))).toContain('serie a')
})

it.each([
  ['hip-hop', 'music'],
  ['nba', 'basketball'],
  ['basketball', 'sports'],
  ['motogp', 'racing'],
  ['racing', 'sports'],
  ['esports', 'gaming'],
  ['marriage', 'relationships'],
  ['parenting', 'family'],
  ['space', 'science'],
  ['robotics', 'technology'],
  ['stocks', 'business'],
  ['crime', 'news'],
  ['motorcycles', 'cars'],
  ['cooking', 'food'],
  ['music', 'music'],
  ['trains', 'trains'],
])('calls the parent of %s %s', (child, parent) => {
  expect(nameOf(tree.supertopic(idOf(child)))).toBe(parent)
})

it('expands a parent, which need not hold the child', () => {
  expect(names(tree.expandSuper(idOf('hip-hop')))).toEqual(['music'])
  expect(names(tree.expandSuper(idOf('cats')))).toEqual(['cats', 'dogs', 'pets'])
})

it('knows only what the table has, whatever the case', () => {
  const few = createTopicTree([
    { id: trustTopicId(7), name: ' Cooking' },
    { id: trustTopicId(9), name: 'FOOD' },
    { id: trustTopicId(11), name: 'jazz' },
  ])
  expect([...few.ids]).toEqual(['7', '9', '11'])
  expect([...few.expand(trustTopicId(9))]).toEqual(['9', '7'])
  expect(few.supertopic(trustTopicId(7))).toBe('9')
  expect(few.supertopic(trustTopicId(11))).toBe('11')
  expect([...few.expand(trustTopicId(99))]).toEqual(['99'])
  expect([...few.expandSuper(trustTopicId(99))]).toEqual(['99'])
})

it('names the groups that stand for more than themselves, once there is something', () => {
  expect(topicGroupsOf(['Jazz', 'cooking', 'trains'])).toEqual(['entertainment', 'food'])
  expect(topicGroupsOf(['cooking', 'food'])).toEqual([])
  expect(topicGroupsOf([])).toEqual([])
})
