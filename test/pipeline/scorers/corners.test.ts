/** Corners of the scorers that mutants showed: bounds, absent values, deadlines. */
import { describe, expect, it } from 'vitest'
import type { AggregatedAction } from '../../../src/phoenix/action-sequence.ts'
import type { EmbeddingClient } from '../../../src/phoenix/embedding-client.ts'
import type { CallOptions } from '../../../src/phoenix/retrieval-client.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { authorDiversityScorer } from '../../../src/pipeline/scorers/author-diversity.scorer.ts'
import { fallbackScorer } from '../../../src/pipeline/scorers/fallback.scorer.ts'
import { phoenixScorer } from '../../../src/pipeline/scorers/phoenix.scorer.ts'
import { slateDiversityScorer } from '../../../src/pipeline/scorers/slate-diversity.scorer.ts'
import { createWeightedSum } from '../../../src/pipeline/scorers/weighted-sum.ts'
import {
  candidate,
  filledQuery,
  HOUR_MS,
  NOW_MS,
  post,
  postId,
  repost,
  stageContext,
  userId,
} from '../home-feed-fixtures.ts'
import { heads } from '../score-fixtures.ts'

const { context } = stageContext()

describe('fallback', () => {
  const WINDOW_MS = 1_000
  const acted = (author: number, indexes: readonly number[], ageMs: number): AggregatedAction => ({
    postId: postId(90),
    authorId: userId(author),
    actionIndexes: indexes,
    dwellSeconds: 0,
    surface: 0,
    actedAtMs: NOW_MS - ageMs,
    postCreatedAtMs: 0,
  })
  const scoreOf = async (core: ReturnType<typeof post>, sequence: readonly AggregatedAction[]) => {
    const scorer = fallbackScorer({ halfLifeMs: HOUR_MS, affinityWindowMs: WINDOW_MS })
    const query = filledQuery({ actionSequence: sequence })
    const [patch] = await scorer.score(query, [candidate(core)], context)
    return patch instanceof Error ? undefined : patch?.weightedScore
  }
  const fresh = post(100, 10, { createdAtMs: NOW_MS })

  it.each<[string, readonly AggregatedAction[], number]>([
    ['at the edge of the window', [acted(10, [0], WINDOW_MS)], 1],
    ['just beyond it', [acted(10, [0], WINDOW_MS + 1)], 0],
    ['of several times', [acted(10, [0, 1], 5), acted(10, [2], 3)], 3],
    ['with somebody else', [acted(11, [0], 5)], 0],
    ['that nobody knows', [acted(10, [99], 5)], 0],
  ])('counts actions %s', async (_title, sequence, actions) => {
    expect(await scoreOf(fresh, sequence)).toBeCloseTo(1 + Math.log1p(actions), 12)
  })

  it("goes by the original's author, and by half-lives of age", async () => {
    const carried = { ...repost(101, 12, post(90, 9)), createdAtMs: NOW_MS - 2 * HOUR_MS }
    const score = await scoreOf(carried, [acted(9, [0], 5), acted(12, [0, 1], 5)])
    expect(score).toBeCloseTo(0.25 * (1 + Math.log(2)), 12)
  })
})

describe('weighted sum', () => {
  const none = Object.fromEntries(
    Object.keys(HOME_FEED_PARAMS.actionWeights).map((name) => [name, 0]),
  ) as Record<keyof typeof HOME_FEED_PARAMS.actionWeights, number>
  const noHeads = { ...HOME_FEED_PARAMS.absentHeadWeights }
  const sumOf = (weights: Partial<typeof none>, absent = 0) =>
    createWeightedSum({
      actionWeights: { ...none, ...weights },
      absentHeadWeights: {
        openLink: absent,
        videoOpen: 0,
        quotedVideoQualityView: 0,
        postUnexplored: 0,
        notDwelled: -absent,
      },
      scoring: { ...HOME_FEED_PARAMS.scoring, negativeScoresOffset: 0.5 },
    })

  it('without any weight only cuts at 0', () => {
    const { offset } = sumOf({})
    expect([offset(-1), offset(0), offset(2)]).toEqual([0, 0, 2])
  })

  it('squeezes below 0, and adds from 0 on', () => {
    const { offset } = sumOf({ favorite: 3, report: -1 })
    expect([offset(-1), offset(-0.5), offset(0), offset(1)]).toEqual([0, 0.0625, 0.5, 1.5])
  })

  it('has the weights of heads that no model has in its sums', () => {
    // P = 3 + 4, N = 1 + 4: (-1 + 5) / 12 x 0.5.
    expect(sumOf({ favorite: 3, report: -1 }, 4).offset(-1)).toBeCloseTo(1 / 6, 12)
    expect(noHeads.notDwelled).toBe(-0.02)
  })

  it('leaves seconds and boosts out of its sums', () => {
    const { offset } = sumOf({ favorite: 3, report: -1, dwell_time: 100 })
    expect(offset(-0.5)).toBe(0.0625)
  })

  it('counts seconds, and a boost where there is a head', () => {
    const sum = sumOf({ reply: 5, dwell_time: 0.5 })
    expect(sum.combine({ ...heads({ reply: 0.25 }, 8), replyWeightBoost: 15 })).toBe(9)
    expect(sum.combine({ ...heads({}), replyWeightBoost: 15 })).toBe(0)
  })

  it('says each term with the weight that it had', () => {
    const sum = sumOf({ reply: 5, video_quality_view: 2, dwell_time: 0.5 })
    const given = {
      ...heads({ reply: 0.25, video_quality_view: 0.5, favorite: 0.5 }, 8),
      replyWeightBoost: 15,
    }
    const term = (head: string, weight: number, value: number) => ({
      head,
      weight,
      value,
      contribution: weight * value,
    })
    const [favorite, reply] = [term('favorite', 0, 0.5), term('reply', 20, 0.25)]
    const [video, dwell] = [term('video_quality_view', 2, 0.5), term('dwell_time', 0.5, 8)]
    expect(sum.toTerms(given)).toEqual([favorite, reply, video, dwell])
    const short = sum.toTerms({ ...given, videoWeightApplies: false, dwellSeconds: null })
    expect(short).toEqual([favorite, reply, term('video_quality_view', 0, 0.5)])
  })
})

it('author diversity works without a memory', async () => {
  const scorer = authorDiversityScorer({ decay: 0.5, floor: 0.25 })
  const query = filledQuery({ servedByAuthor: undefined })
  const given = candidate(post(100, 10), { weightedScore: 2, scoredBy: 'phoenix' })
  expect(await scorer.score(query, [given], context)).toEqual([{ diversityFactor: 1, score: 2 }])
})

describe('deadlines', () => {
  const limits = { timeoutMs: 500, reserveMs: 100, now: () => NOW_MS }
  const bounds = [
    { own: 300, request: 900, limit: 300 },
    { own: 900, request: 300, limit: 200 },
  ]

  it.each(bounds)('of vectors: own $own ms, request $request ms', async (given) => {
    const calls: CallOptions[] = []
    const embeddings: EmbeddingClient = {
      async embed(posts, options) {
        calls.push(options)
        return { vectors: new Float32Array(posts.length), dimension: 1, modelVersion: 'model' }
      },
    }
    const scorer = slateDiversityScorer({
      ...limits,
      embeddings,
      theta: 0.65,
      windowSize: 2,
      poolSize: 4,
    })
    const query = { ...filledQuery({ slateSize: 4 }), deadlineMs: NOW_MS + given.request }
    const one = candidate(post(100, 10), { score: undefined, scoredBy: 'phoenix' })
    const own = stageContext({ deadlineMs: NOW_MS + given.own }).context
    expect(await scorer.score(query, [one], own)).toEqual([{ slateWindow: 0 }])
    expect(calls).toEqual([{ signal: own.signal, deadlineMs: NOW_MS + given.limit }])
    expect(await scorer.score(query, [], own)).toEqual([])
    const never = { embed: () => new Promise<never>(() => undefined) }
    const stuck = slateDiversityScorer({
      ...limits,
      embeddings: never,
      theta: 0.65,
      windowSize: 2,
      poolSize: 4,
    })
    const late = { ...query, deadlineMs: NOW_MS + 110 }
    await expect(stuck.score(late, [one], own)).rejects.toThrow('no answer within 10 ms')
  })

  it.each(bounds)('of ranking: own $own ms, request $request ms', async (given) => {
    const calls: CallOptions[] = []
    const scorer = phoenixScorer({
      ...limits,
      ranking: {
        async rank(_query, options) {
          calls.push(options)
          return {
            probabilities: new Float32Array(18).fill(Number.NaN, 1),
            dwellSeconds: new Float32Array(),
            modelVersion: 'model',
          }
        },
      },
    })
    const query = { ...filledQuery(), deadlineMs: NOW_MS + given.request }
    const own = stageContext({ deadlineMs: NOW_MS + given.own }).context
    const list: readonly PostCandidate[] = [candidate(post(100, 10))]
    // One head is enough. Seconds that the answer does not reach are not known.
    expect(await scorer.score(query, list, own)).toMatchObject([{ dwellSeconds: null }])
    expect(calls).toEqual([{ signal: own.signal, deadlineMs: NOW_MS + given.limit }])
  })
})
