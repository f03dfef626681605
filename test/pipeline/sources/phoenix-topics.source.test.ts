import { expect, it } from 'vitest'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { phoenixTopicsSource } from '../../../src/pipeline/sources/phoenix-topics.source.ts'
import { createTopicRules } from '../../../src/pipeline/topics/topic-rules.ts'
import { createTopicTree } from '../../../src/pipeline/topics/topic-tree.ts'
import { TOPICS } from '../contract-world.ts'
import {
  bareQuery,
  filledQuery,
  NOW_MS,
  postId,
  stageContext,
  topicId,
  userId,
  VIEWER,
} from '../home-feed-fixtures.ts'

const FOOD = topicId(2)
const tree = createTopicTree(TOPICS)
const rulesFor = (followed: readonly string[]) =>
  createTopicRules(
    { topics: [], excludedTopics: [], followed: followed.length ? [FOOD] : [] },
    tree,
  )
const asked = { ...EMPTY_FILTER, topics: [FOOD] }

function recording(among: readonly number[]) {
  const calls: unknown[] = []
  const topicIds: unknown[] = []
  const source = phoenixTopicsSource({
    postsMax: 1_000,
    postsPerAuthorMax: 20,
    retrievesFollowedTopics: true,
    timeoutMs: 400,
    topics: {
      recentPostIds: async (...call) => {
        topicIds.push(call)
        return among.map(postId)
      },
    },
    retrieval: {
      retrieve: async (...call) => {
        calls.push(call)
        const found = { postId: postId(100), authorId: userId(10), createdAtMs: NOW_MS }
        return { posts: [{ ...found, similarity: 0.5 }], modelVersion: 'model-1' }
      },
    },
  })
  return { source, calls, topicIds }
}

it('searches among the posts about what the topics stand for', async () => {
  const { source, calls, topicIds } = recording([100, 101])
  const { context } = stageContext()
  const topicRules = createTopicRules({ ...asked, followed: [] }, tree)
  const query = { ...bareQuery(), filter: asked, topicRules }
  expect(await source.fetch(query, context)).toMatchObject([
    { id: '100', authorId: '10', similarity: 0.5, sources: ['phoenix-topics'], ancestorIds: [] },
  ])
  expect(topicIds).toEqual([[['2', '3'], NOW_MS]])
  expect(calls).toEqual([
    [
      {
        viewerId: VIEWER,
        actions: [],
        resultsMax: 1_000,
        postsPerAuthorMax: 20,
        among: ['100', '101'],
      },
      { signal: context.signal, deadlineMs: context.deadlineMs },
    ],
  ])
})

it('asks nobody when nothing is about them', async () => {
  const { source, calls } = recording([])
  const query = filledQuery({ filter: asked })
  expect(await source.fetch(query, stageContext().context)).toEqual([])
  expect(calls).toEqual([])
})

it.each<[string, Partial<HomeFeedQuery>, boolean]>([
  ['nothing is asked', {}, false],
  ['topics are asked for', { filter: asked }, true],
  ['a new viewer follows topics', { topicRules: rulesFor(['food']) }, true],
  ['it follows none', { topicRules: rulesFor([]) }, false],
  ['only followed accounts are asked for', { filter: { ...asked, inNetworkOnly: true } }, false],
  [
    'there are more than six',
    { filter: { ...asked, topics: [1, 2, 3, 4, 5, 6, 7].map(topicId) } },
    false,
  ],
])('where %s: %s', (_title, more, isOn) => {
  expect(recording([]).source.enable?.(filledQuery(more))).toBe(isOn)
})

it('stands in with what is in network', () => {
  expect(recording([]).source).toMatchObject({
    failurePolicy: 'replace',
    degradation: 'IN_NETWORK_ONLY',
    dependency: 'phoenix-retrieval',
  })
})
