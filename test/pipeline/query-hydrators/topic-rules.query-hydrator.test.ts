import { expect, it } from 'vitest'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { topicRulesQueryHydrator } from '../../../src/pipeline/query-hydrators/topic-rules.query-hydrator.ts'
import type { TopicRules } from '../../../src/pipeline/topics/topic-rules.ts'
import { TOPICS } from '../contract-world.ts'
import { filledQuery, HOUR_MS, NOW_MS, stageContext, topicId, user } from '../home-feed-fixtures.ts'

const FOOD = topicId(2)
const COOKING = topicId(3)
const OPTIONS = {
  topics: { topics: async () => TOPICS },
  retrievesFollowedTopics: false,
  keepsFollowedTopicsOnly: false,
  topicsAccountAgeMsMax: 24 * HOUR_MS,
  timeoutMs: 400,
}
const published = topicRulesQueryHydrator(OPTIONS)
const { context } = stageContext()
const born = (hoursAgo: number) => user(1, { createdAtMs: NOW_MS - hoursAgo * HOUR_MS })
const asNew = { viewerAccount: born(1), followedTopicIds: [FOOD] }

it('works out what the topics of a request stand for', async () => {
  const filter = { ...EMPTY_FILTER, topics: [FOOD], excludedTopics: [topicId(1)] }
  const { topicRules } = await published.hydrate(filledQuery({ filter }), context)
  expect(topicRules).toEqual<TopicRules>({
    wanted: [
      {
        id: FOOD,
        expanded: new Set([FOOD, COOKING]),
        superExpanded: new Set([FOOD, COOKING]),
      },
    ],
    unwanted: null,
    excluded: new Set([topicId(1)]),
    followed: [],
  })
})

it.each<[string, Partial<HomeFeedQuery>, Partial<typeof OPTIONS>, number]>([
  ['of a new viewer', asNew, { retrievesFollowedTopics: true }, 1],
  ['of a new viewer, for the filter', asNew, { keepsFollowedTopicsOnly: true }, 1],
  ['not with both settings off', asNew, {}, 0],
  [
    'not of an older account',
    { ...asNew, viewerAccount: born(24) },
    { retrievesFollowedTopics: true },
    0,
  ],
  [
    'not without an account',
    { ...asNew, viewerAccount: null },
    { retrievesFollowedTopics: true },
    0,
  ],
  [
    'not beside topics of the request',
    { ...asNew, filter: { ...EMPTY_FILTER, topics: [COOKING] } },
    { retrievesFollowedTopics: true },
    0,
  ],
  [
    'not in network only',
    { ...asNew, filter: { ...EMPTY_FILTER, inNetworkOnly: true } },
    { retrievesFollowedTopics: true },
    0,
  ],
])('counts followed topics %s', async (_title, more, options, count) => {
  const hydrator = topicRulesQueryHydrator({ ...OPTIONS, ...options })
  const { topicRules } = await hydrator.hydrate(filledQuery(more), context)
  expect(topicRules?.followed).toHaveLength(count)
})

it('rests where nothing is asked and no follows count', () => {
  expect(published.enable?.(filledQuery())).toBe(false)
  expect(published.enable?.(filledQuery(asNew))).toBe(false)
  const on = topicRulesQueryHydrator({ ...OPTIONS, retrievesFollowedTopics: true })
  expect(on.enable?.(filledQuery(asNew))).toBe(true)
  expect(on.enable?.(filledQuery({ followedTopicIds: undefined }))).toBe(false)
})

it('fails when the table of topics cannot be read, and is enrichment', async () => {
  const topics = { topics: () => Promise.reject(new Error('no topics')) }
  const hydrator = topicRulesQueryHydrator({ ...OPTIONS, topics })
  const query = filledQuery({ filter: { ...EMPTY_FILTER, topics: [FOOD] } })
  await expect(hydrator.hydrate(query, context)).rejects.toThrow('no topics')
  expect(hydrator.failurePolicy).toBe('fail-open')
})
