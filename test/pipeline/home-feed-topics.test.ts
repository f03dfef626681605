import { expect, it } from 'vitest'
import type { TopicId } from '../../src/ids.ts'
import type { RetrievalClient } from '../../src/phoenix/retrieval-client.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedFilter } from '../../src/pipeline/home-feed.query.ts'
import { HOME_FEED_PARAMS } from '../../src/pipeline/home-feed.params.ts'
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { createHomeFeed } from '../../src/pipeline/home-feed.ts'
import type { RankedFeed } from '../../src/pipeline/home-feed.ts'
import {
  createDependencies,
  JAZZ,
  now,
  retrieval,
  topics,
  viewerStore,
  WORLD,
} from './contract-world.ts'
import { bareQuery, HOUR_MS, loadersOf, NOW_MS, topicId, user } from './home-feed-fixtures.ts'
import type { World } from './home-feed-fixtures.ts'
import { relations } from './store-fixtures.ts'

/** The pipeline as a whole, asked for topics. */
const FOOD = topicId(2)
const NO_LABELS: World = { moderation: {} }
const rejects = () => Promise.reject(new Error('down'))

function createSetting(more: Partial<HomeFeedDependencies> = {}) {
  const homeFeed = createHomeFeed(createDependencies(more))
  const { signal } = new AbortController()
  return {
    rank: (world: World, { filter = EMPTY_FILTER }: { filter?: HomeFeedFilter } = {}) =>
      homeFeed.rank(
        { ...bareQuery(loadersOf({ ...WORLD, ...world })), filter },
        { nowMs: NOW_MS, signal },
      ),
  }
}

const ofTopics = (wanted: TopicId[], excludedTopics: TopicId[] = []) => ({
  filter: { ...EMPTY_FILTER, topics: wanted, excludedTopics },
})
const idsOf = ({ candidates }: RankedFeed) => candidates.map(({ id }) => id)

it('has what retrieval finds among the posts about them, at half its worth', async () => {
  const asked: unknown[] = []
  const recording: RetrievalClient = {
    retrieve: (query, options) => {
      asked.push(query.among)
      return retrieval.retrieve(query, options)
    },
  }
  const feed = await createSetting({ retrieval: recording }).rank(NO_LABELS, ofTopics([JAZZ]))
  expect(asked).toEqual([['86']])
  expect(feed.candidates).toMatchObject([
    { id: '86', sources: ['phoenix-topics'], matchedTopicId: JAZZ, outOfNetworkFactor: 0.5 },
  ])
  expect(feed).toMatchObject({ degradation: [], exhausted: true })
})

it("has followed accounts' posts about them, which Thunder brings", async () => {
  const feed = await createSetting().rank(NO_LABELS, ofTopics([FOOD]))
  expect(feed.candidates).toMatchObject([
    { id: '80', sources: ['thunder'], matchedTopicId: FOOD, outOfNetworkFactor: 1 },
  ])
})

it('leaves out what is excluded, and keeps what names no topic', async () => {
  const everything = idsOf(await createSetting().rank(NO_LABELS))
  expect(everything).toEqual(['80', '86', '84', '83', '81'])
  const { rank } = createSetting()
  const feed = await rank(NO_LABELS, ofTopics([], [FOOD]))
  // A reply to what is gone, about nothing in particular, takes its conversation's place.
  expect(idsOf(feed)).toEqual(['86', '84', '83', '82', '81'])
})

it('says so when topics of posts cannot be read: none to show, none to leave out', async () => {
  const broken: World = { ...NO_LABELS, broken: ['postTopics'] }
  const wanted = await createSetting().rank(broken, ofTopics([FOOD]))
  expect(wanted).toMatchObject({ candidates: [], degradation: ['ENRICHMENT_MISSING'] })
  const excluding = await createSetting().rank(broken, ofTopics([], [FOOD]))
  expect(idsOf(excluding)).toContain('80')
  expect(excluding.degradation).toEqual(['ENRICHMENT_MISSING'])
})

it('takes each topic alone while the table of topics cannot be read', async () => {
  const { rank } = createSetting({ topics: { ...topics, topics: rejects } })
  const food = await rank(NO_LABELS, ofTopics([FOOD]))
  expect(food).toMatchObject({ candidates: [], degradation: ['ENRICHMENT_MISSING'] })
  expect(idsOf(await rank(NO_LABELS, ofTopics([JAZZ])))).toEqual(['86'])
})

it.each([
  ['retrieval', { retrieval: { retrieve: rejects } }],
  ['the list of posts about them', { topics: { ...topics, recentPostIds: rejects } }],
])('stays in network without %s', async (_title, dependencies) => {
  const feed = await createSetting(dependencies).rank(NO_LABELS, ofTopics([JAZZ, FOOD]))
  expect(idsOf(feed)).toEqual(['80'])
  expect(feed.degradation).toEqual(['IN_NETWORK_ONLY'])
})

it.each([
  ['a new viewer', 1, ['phoenix-topics'], ['86']],
  ['others', HOUR_MS, ['phoenix-retrieval'], ['86', '83']],
])('gives %s what they follow, once the settings are on', async (_title, ageMs, sources, ids) => {
  const account = user(1, { createdAtMs: NOW_MS - ageMs })
  const store = {
    ...viewerStore,
    relations: async () => ({ ...relations(), followedTopicIds: [JAZZ], account }),
  }
  const pipeline = createHomeFeedPipeline(createDependencies({ viewerStore: store }), {
    ...HOME_FEED_PARAMS,
    newViewer: {
      retrievesFollowedTopics: true,
      keepsFollowedTopicsOnly: true,
      topicsAccountAgeMsMax: HOUR_MS,
    },
  })
  const { signal } = new AbortController()
  const deadlineMs = NOW_MS + 1_000
  const execution = { requestId: 'request', nowMs: NOW_MS, signal, now, deadlineMs }
  const query = bareQuery(loadersOf({ ...WORLD, ...NO_LABELS }))
  const { selected } = await pipeline.execute(query, execution)
  const strangers = selected.filter(({ inNetwork }) => inNetwork === false)
  expect(strangers.map(({ id }) => id)).toEqual(ids)
  expect(strangers[0]?.sources).toEqual(sources)
  expect(selected.map(({ id }) => id)).toContain('80')
})
