import { expect, it } from 'vitest'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { weightedScorer } from '../../../src/pipeline/scorers/weighted.scorer.ts'
import {
  candidate,
  filledQuery,
  post,
  quote,
  reply,
  repost,
  stageContext,
  user,
} from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'
import type { PostRecord } from '../../../src/store/records.ts'

const { context } = stageContext()
// Made in each test, so that mutation testing knows which tests see it.
const createScorer = () => weightedScorer(HOME_FEED_PARAMS)
const core = post(100, 10)

it('scores what the model scored and leaves the rest unscored', async () => {
  const probabilities = row({ favorite: 0.1, reply: 0.02, repost: 0.01 })
  const patches = await createScorer().score(
    filledQuery(),
    [candidate(core, { probabilities, dwellSeconds: 10 }), candidate(core)],
    context,
  )
  expect(patches).toEqual([
    {
      weightedScore: expect.closeTo(0.201, 6),
      score: expect.closeTo(0.201, 6),
      videoWeightApplies: false,
      replyWeightBoost: 0,
      scoredBy: 'phoenix',
    },
    {
      weightedScore: undefined,
      score: undefined,
      videoWeightApplies: false,
      replyWeightBoost: 0,
      scoredBy: undefined,
    },
  ])
})

it.each<[string, number | null, number, boolean]>([
  ['no video', null, 0, false],
  ['exactly ten seconds', 10_000, 0, false],
  ['longer', 10_001, 0, true],
  ['a viewer just below the limit', 10_001, 9_999, true],
  ['a viewer of 10,000 followers', 10_001, 10_000, false],
])('weighs the video head: %s', async (_title, ...[videoDurationMs, followersCount, applies]) => {
  const query = filledQuery({ viewerAccount: user(1, { followersCount }) })
  const probabilities = row({ video_quality_view: 1 })
  const patches = await createScorer().score(
    query,
    [candidate(core, { probabilities, videoDurationMs })],
    context,
  )
  expect(patches).toMatchObject([
    { videoWeightApplies: applies, weightedScore: expect.closeTo(applies ? 0.051 : 0.001, 6) },
  ])
})

it.each<[string, PostRecord, boolean | undefined, number]>([
  ['an own post of a mutual follow', core, true, 0.501],
  ['a quote of one', quote(101, 10, core), true, 0.501],
  ['a reply of one', reply(101, 10, core), true, 0.201],
  ['a repost of one', repost(101, 10, core), true, 0.201],
  ['somebody who does not follow back', core, false, 0.201],
  ['not known', core, undefined, 0.201],
])('weighs a reply more among people who follow each other: %s', async (_title, ...given) => {
  // Vector of spec/scoring.md 13.
  const [post, isMutualFollow, weightedScore] = given
  const probabilities = row({ favorite: 0.1, reply: 0.02, repost: 0.01 })
  const scored = candidate(post, { probabilities, dwellSeconds: 10, isMutualFollow })
  const [patch] = await createScorer().score(filledQuery(), [scored], context)
  expect(patch).toMatchObject({ weightedScore: expect.closeTo(weightedScore, 6) })
})
