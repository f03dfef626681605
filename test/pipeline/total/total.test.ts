import { expect, it } from 'vitest'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { createHomeFeedPipeline } from '../../../src/pipeline/home-feed.pipeline.ts'
import { toScoreBreakdown } from '../../../src/pipeline/score-breakdown.ts'
import type { LoggedRequest } from '../../../src/store/request-log/logged-request.ts'
import { recordedDependencies, recordedQuery, WORLD } from './recorded-world.ts'

/**
 * The whole pipeline on one recorded request, every number worked out by hand. Published parameters
 * but for three: a cold start lifts to the fourth place instead of the sixteenth, and the slate is
 * filled in windows of 4 out of 6 instead of 50 out of 150, so that ten posts show it all.
 */
const PARAMS = {
  ...HOME_FEED_PARAMS,
  coldStart: { ...HOME_FEED_PARAMS.coldStart, slotMin: 3, slotMax: 4 },
  slateDiversity: { ...HOME_FEED_PARAMS.slateDiversity, windowSize: 4, poolSize: 6 },
  requestLog: { sampleRate: 1, candidatesMax: 50 },
}

const EPSILON = 0.001

/**
 * 1. Weighted score = sum of weight x head + 0.001; a total below 0 is squeezed instead.
 *    Ranked: 101, 105, 106, 104, 103, 102, 110, 107, 108, 126, 109.
 */
const WEIGHTED = {
  // Followed, and follows back, own post: a reply is worth 5 + 15.
  // 0.5 x 0.25 + 20 x 0.0625 = 0.125 + 1.25
  101: 1.375 + EPSILON,
  // The same author; no reply head, so no boost. 0.5 x 0.5 + 0.004 x 25 s = 0.25 + 0.1
  102: 0.35 + EPSILON,
  // A video of 20 s, for a viewer of 500 followers: it counts.
  // 0.5 x 0.125 + 1 x 0.125 + 5 x 0.03125 + 0.05 x 1 = 0.0625 + 0.125 + 0.15625 + 0.05
  103: 0.39375 + EPSILON,
  // 0.5 x 0.25 + 2 x 0.0625 + 0.4 x 0.5 = 0.125 + 0.125 + 0.2
  104: 0.45 + EPSILON,
  // A repost: its original 95 is judged. 0.5 x 0.75 + 20 x 0.03125 = 0.375 + 0.625
  105: 1 + EPSILON,
  // 0.5 x 0.5 + 0 x 0.5 + 4 x 0.125 = 0.25 + 0 + 0.5
  106: 0.75 + EPSILON,
  // 0.5 x 0.125 + 0.004 x 10 s = 0.0625 + 0.04
  107: 0.1025 + EPSILON,
  // 0.5 x 0.0625
  108: 0.03125 + EPSILON,
  // 0.5 x 1 - 234 x 0.015625 = 0.5 - 3.65625 = -3.15625, below 0:
  // (-3.15625 + 367.22) / 410.54 x 0.001 = 364.06375 / 410.54 x 0.001
  109: 0.000_886_792_395_381_692,
  // 0.5 x 0.75 + 0.4 x 0.25 - 43.2 x 0.0078125 = 0.375 + 0.1 - 0.3375
  110: 0.1375 + EPSILON,
}

/**
 * 2. Cold start. Fourth of the ranking is 104 with 0.451. Of 11 scored posts the first
 *    floor(0.85 x 11) = 9 may be lifted: 107 (40 followers, 10 views) at the eighth place and 108
 *    (900 followers, 500 views) at the ninth. 107 scores higher: it gets 0.451. Nobody else has
 *    1,000 followers or less.
 */
const LIFTED = { 107: 0.451 }

/**
 * 3. Author diversity, by the original's author: 0.75 x 0.5^k + 0.25.
 *    102: k = 1 (101 by the same author is higher): 0.625.
 *    106: k = 1 (105 shows the same author and is higher): 0.625.
 *    110: its author was served once half an hour ago, which counts half: 0.75 x 0.70711 + 0.25.
 */
const DIVERSITY = { 102: 0.625, 106: 0.625, 110: 0.780_330_085_889_910_6 }

/** 4. Out of network, and replies and reposts within: 0.75. */
const NETWORK = { 104: 0.75, 105: 0.75, 106: 0.75, 107: 0.75, 108: 0.75, 109: 0.75, 110: 0.75 }

/**
 * 5. Final scores, and 6. windows. By score: 101, 105, 103, 106, 107, 104, 102, 110, 108, 126, 109
 *    (107 and 104 are equal: the newer first). The first window takes 4 of the best 6. 106 has the
 *    vector of 103, so it adds nothing once 103 is in; with q = exp(0.928571 x score / 1.376) the
 *    gains q^2 are 6.41, 2.75, 1.70, (1.61), 1.58, 1.58: 101, 105, 103, then 107, the first of two
 *    equals. The second takes 106, 104, 102, 110, all apart from each other; the third the rest.
 */
const SLATE: readonly [id: number, score: number, window: number][] = [
  [101, 1.376, 0],
  // 1.001 x 0.75
  [105, 0.750_75, 0],
  [103, 0.394_75, 0],
  // 0.451 x 0.75
  [107, 0.338_25, 0],
  // 0.751 x 0.625 x 0.75
  [106, 0.352_031_25, 1],
  // 0.451 x 0.75
  [104, 0.338_25, 1],
  // 0.351 x 0.625
  [102, 0.219_375, 1],
  // 0.1385 x 0.78033008589 x 0.75
  [110, 0.081_056_787_671_814_46, 1],
  // 0.03225 x 0.75
  [108, 0.024_187_5, 2],
  // 0.00088679239538 x 0.75
  [109, 0.000_665_094_296_536_269, 2],
]

/** 7. What fell out, and where. */
const REMOVED = [
  ['AgeFilter', '120'],
  ['SelfPostFilter', '125'],
  ['PreviouslySeenFilter', '123'],
  ['PreviouslyServedFilter', '124'],
  ['MutedKeywordFilter', '122'],
  ['AuthorSocialGraphFilter', '121'],
  // Labelled as spam: seen only after the selection, in the third window.
  ['VisibilityFilter', '126'],
]

async function rankRecorded() {
  const logged: LoggedRequest[] = []
  const pipeline = createHomeFeedPipeline(
    recordedDependencies({ requestLog: { write: async (request) => void logged.push(request) } }),
    PARAMS,
  )
  const result = await pipeline.execute(recordedQuery(), {
    requestId: 'recorded',
    nowMs: WORLD.nowMs,
    signal: new AbortController().signal,
    now: () => WORLD.nowMs,
  })
  await pipeline.drain()
  return { result, logged: logged[0] }
}

const close = (value: number | undefined) =>
  value === undefined ? undefined : expect.closeTo(value, 12)
const of = (numbers: Readonly<Record<number, number>>, id: number) => numbers[id]

it('gives the slate worked out by hand: order, scores and every step between', async () => {
  const { result } = await rankRecorded()
  expect(result.degraded).toEqual([])
  const steps = result.selected.map((candidate) => ({
    id: candidate.id,
    weightedScore: candidate.weightedScore,
    coldStartScore: candidate.coldStartScore,
    diversityFactor: candidate.diversityFactor,
    outOfNetworkFactor: candidate.outOfNetworkFactor,
    score: candidate.score,
    slateWindow: candidate.slateWindow,
    propensity: candidate.propensity,
  }))
  expect(steps).toEqual(
    SLATE.map(([id, score, slateWindow]) => ({
      id: String(id),
      weightedScore: close(of(WEIGHTED, id)),
      coldStartScore: close(of(LIFTED, id)),
      diversityFactor: close(of(DIVERSITY, id) ?? 1),
      outOfNetworkFactor: of(NETWORK, id) ?? 1,
      score: close(score),
      slateWindow,
      propensity: 1,
    })),
  )
})

it('removes each of the others where it should', async () => {
  const { result } = await rankRecorded()
  expect(result.removed.map(({ filter, candidate }) => [filter, candidate.id])).toEqual(REMOVED)
  expect(result.retrievedCount).toBe(SLATE.length + REMOVED.length)
})

it('explains every score by the same steps', async () => {
  const { result } = await rankRecorded()
  for (const candidate of result.selected) {
    const breakdown = toScoreBreakdown(candidate, PARAMS)
    expect(breakdown?.final).toBeCloseTo(candidate.score ?? Number.NaN, 14)
    const steps = breakdown?.adjustments.map(({ name }) => name)
    const lifted = candidate.id === '107' ? ['cold_start'] : []
    expect(steps).toEqual(['offset', ...lifted, 'author_diversity', 'out_of_network'])
  }
})

it('is logged as it was', async () => {
  const { result, logged } = await rankRecorded()
  expect(
    logged?.candidates.map(({ postId, score, position }) => [postId, score, position]),
  ).toEqual(result.selected.map(({ id, score }, position) => [id, score, position]))
  expect(logged?.removed.map(({ filter, postIds }) => [filter, ...postIds])).toEqual(REMOVED)
})
