import { expect, it } from 'vitest'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import { toScoreBreakdown } from '../../../src/pipeline/score-breakdown.ts'
import { outOfNetworkScorer } from '../../../src/pipeline/scorers/out-of-network.scorer.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import {
  candidate,
  filledQuery,
  HOUR_MS,
  NOW_MS,
  post,
  reply,
  repost,
  stageContext,
  topicId,
  user,
  userIds,
} from '../home-feed-fixtures.ts'

const plain = post(100, 10)
const { outOfNetwork } = HOME_FEED_PARAMS

it.each<[string, PostRecord, boolean | undefined, boolean, number]>([
  ['a post from out of network', plain, false, true, 0.75],
  ['a post from within', plain, true, true, 1],
  ['a reply from within', reply(101, 11, plain), true, true, 0.75],
  ['a repost from within', repost(102, 11, plain), true, true, 0.75],
  ['a repost from within, setting off', repost(102, 11, plain), true, false, 1],
  ['a reply from out of network', reply(101, 11, plain), false, false, 0.75],
  ['a reply when it is not known', reply(101, 11, plain), undefined, true, 1],
])('scales %s', async (_title, ...row) => {
  const [core, inNetwork, rescoresInNetworkRepliesAndReposts, factor] = row
  const scorer = outOfNetworkScorer({ ...outOfNetwork, rescoresInNetworkRepliesAndReposts })
  const list = [candidate(core, { inNetwork, score: 2 }), candidate(core, { inNetwork })]
  expect(await scorer.score(filledQuery(), list, stageContext().context)).toEqual([
    { outOfNetworkFactor: factor, score: 2 * factor },
    { outOfNetworkFactor: factor, score: undefined },
  ])
})

const born = (hoursAgo: number) => user(1, { createdAtMs: NOW_MS - hoursAgo * HOUR_MS })
const five = userIds(10, 11, 12, 13, 14)
const topics = (count: number) => ({
  ...EMPTY_FILTER,
  topics: Array.from({ length: count }, (_, index) => topicId(index + 1)),
})

it.each<[string, Partial<HomeFeedQuery>, number]>([
  ['the plain factor', { viewerAccount: born(25), followedIds: five }, 0.75],
  ['that of topics', { filter: topics(1) }, 0.5],
  ['that of topics, in bulk too', { filter: topics(7) }, 0.5],
  ['almost nothing for new viewers', { viewerAccount: born(23), followedIds: five }, 0.00001],
  ['the plain factor at the very age', { viewerAccount: born(24), followedIds: five }, 0.75],
  ['the plain factor for four follows', { viewerAccount: born(1), followedIds: userIds(10) }, 0.75],
  ['the plain factor without follows', { viewerAccount: born(1), followedIds: undefined }, 0.75],
  ['the plain factor without an account', { viewerAccount: null, followedIds: five }, 0.75],
  [
    'that of topics for new viewers too',
    { viewerAccount: born(1), followedIds: five, filter: topics(1) },
    0.5,
  ],
])('takes %s', async (_title, more, factor) => {
  const scorer = outOfNetworkScorer({ ...outOfNetwork, newViewerAccountAgeMsMax: 24 * HOUR_MS })
  const stranger = candidate(plain, { inNetwork: false, score: 2, weightedScore: 4 })
  const { context } = stageContext()
  const [patch] = await scorer.score(filledQuery(more), [stranger], context)
  expect(patch).toEqual({ outOfNetworkFactor: factor, score: 2 * factor })
  const scored = { ...stranger, diversityFactor: 0.5, outOfNetworkFactor: factor }
  const breakdown = toScoreBreakdown({ ...scored, scoredBy: 'fallback' })
  expect(breakdown?.final).toBe(2 * factor)
  expect(breakdown?.adjustments.at(-1)).toMatchObject({ name: 'out_of_network', factor })
})

it('knows no new viewers by default, as published', async () => {
  const scorer = outOfNetworkScorer(outOfNetwork)
  const stranger = candidate(plain, { inNetwork: false, score: 2 })
  const query = filledQuery({ viewerAccount: born(0), followedIds: five })
  expect(await scorer.score(query, [stranger], stageContext().context)).toEqual([
    { outOfNetworkFactor: 0.75, score: 1.5 },
  ])
})
