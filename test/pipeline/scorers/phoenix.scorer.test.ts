import { expect, it } from 'vitest'
import { DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import type { RankAnswer, RankQuery } from '../../../src/phoenix/ranking-client.ts'
import type { CallOptions } from '../../../src/phoenix/retrieval-client.ts'
import { phoenixScorer } from '../../../src/pipeline/scorers/phoenix.scorer.ts'
import {
  candidate,
  filledQuery,
  HOUR_MS,
  NO_RELATED,
  NOW_MS,
  post,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

const LIMITS = { timeoutMs: 800, reserveMs: 150, now: () => NOW_MS }

/** A ranker that gives every post of the query its index, in percent, as each probability. */
function recordingRanker(change: (answer: RankAnswer) => RankAnswer = (answer) => answer) {
  const calls: { query: RankQuery; options: CallOptions }[] = []
  const rank = async (query: RankQuery, options: CallOptions): Promise<RankAnswer> => {
    calls.push({ query, options })
    const count = query.candidates.length
    return change({
      probabilities: Float32Array.from(
        { length: count * DISCRETE_ACTION_COUNT },
        (_, index) => Math.floor(index / DISCRETE_ACTION_COUNT) / 100,
      ),
      dwellSeconds: new Float32Array(count).fill(3),
      modelVersion: 'model-1',
    })
  }
  return { calls, ranking: { rank } }
}

const original = post(90, 9, { createdAtMs: NOW_MS - 5 * HOUR_MS })
const list = [
  candidate(post(100, 10)),
  candidate(repost(101, 11, original), { related: { ...NO_RELATED, original } }),
]

it('asks about originals and keeps the rows of one matrix', async () => {
  const { calls, ranking } = recordingRanker()
  const { context } = stageContext()
  const patches = await phoenixScorer({ ranking, ...LIMITS }).score(filledQuery(), list, context)
  expect(calls[0]?.query.candidates).toEqual([
    { postId: '100', authorId: '10', createdAtMs: NOW_MS - HOUR_MS },
    { postId: '90', authorId: '9', createdAtMs: NOW_MS - 5 * HOUR_MS },
  ])
  const rows = patches.map((patch) => (patch instanceof Error ? undefined : patch.probabilities))
  expect(rows[1]?.[17]).toBeCloseTo(0.01, 6)
  expect(rows[0]?.buffer).toBe(rows[1]?.buffer)
  expect(patches[0]).toMatchObject({ dwellSeconds: 3, modelVersion: 'model-1' })
})

it('leaves time for visibility', async () => {
  const { calls, ranking } = recordingRanker()
  const { context } = stageContext({ deadlineMs: NOW_MS + 800 })
  const query = { ...filledQuery(), deadlineMs: NOW_MS + 700 }
  await phoenixScorer({ ranking, ...LIMITS }).score(query, list, context)
  expect(calls[0]?.options.deadlineMs).toBe(NOW_MS + 550)
})

it('does not wait for a ranker that overlooks its deadline', async () => {
  const ranking = { rank: () => new Promise<never>(() => undefined) }
  const query = { ...filledQuery(), deadlineMs: NOW_MS + 160 }
  const scored = phoenixScorer({ ranking, ...LIMITS }).score(query, list, stageContext().context)
  await expect(scored).rejects.toThrow('no answer within 10 ms')
})

it('sends the user alone when the history is not known, and nothing for nothing', async () => {
  const { calls, ranking } = recordingRanker()
  const scorer = phoenixScorer({ ranking, ...LIMITS })
  const { context } = stageContext()
  expect(await scorer.score(filledQuery({ actionSequence: undefined }), [], context)).toEqual([])
  expect(calls).toEqual([])
  await scorer.score(filledQuery({ actionSequence: undefined }), list, context)
  expect(calls[0]?.query.actions).toEqual([])
})

it('says which post the model did not score', async () => {
  const { ranking } = recordingRanker((answer) => {
    answer.probabilities.fill(Number.NaN, DISCRETE_ACTION_COUNT)
    return { ...answer, dwellSeconds: Float32Array.of(Number.NaN, 1) }
  })
  const { context } = stageContext()
  const patches = await phoenixScorer({ ranking, ...LIMITS }).score(filledQuery(), list, context)
  expect(patches[0]).toMatchObject({ dwellSeconds: null })
  expect(patches[1]).toEqual(new Error('the model did not score this post'))
})

it('refuses a matrix of another size', async () => {
  const { ranking } = recordingRanker((answer) => ({
    ...answer,
    probabilities: new Float32Array(18),
  }))
  const scored = phoenixScorer({ ranking, ...LIMITS }).score(
    filledQuery(),
    list,
    stageContext().context,
  )
  await expect(scored).rejects.toThrow('18 probabilities for 2 posts')
})

const stored = candidate(post(102, 12), {
  probabilities: row({ favorite: 0.9 }),
  dwellSeconds: 7,
  modelVersion: 'model-1',
})
const kept = { probabilities: stored.probabilities, dwellSeconds: 7, modelVersion: 'model-1' }

it('asks for the posts without heads alone', async () => {
  const { calls, ranking } = recordingRanker()
  const { context, degradations } = stageContext()
  const scorer = phoenixScorer({ ranking, ...LIMITS })
  const patches = await scorer.score(filledQuery(), [stored, ...list], context)
  expect(calls.map(({ query }) => query.candidates.length)).toEqual([2])
  expect(patches[0]).toEqual(kept)
  expect(patches[2]).toMatchObject({ dwellSeconds: 3 })
  expect(await scorer.score(filledQuery(), [stored], context)).toEqual([kept])
  expect(calls).toHaveLength(1)
  expect(degradations).toEqual([])
})

it('asks for the others too when another model answers', async () => {
  const { calls, ranking } = recordingRanker((answer) => ({ ...answer, modelVersion: 'model-2' }))
  const { context } = stageContext()
  const scorer = phoenixScorer({ ranking, ...LIMITS })
  const patches = await scorer.score(filledQuery(), [list[0]!, stored], context)
  const asked = calls.map(({ query }) => query.candidates.map(({ postId }) => postId))
  expect(asked).toEqual([['100'], ['102']])
  expect(patches).toMatchObject([{ modelVersion: 'model-2' }, { modelVersion: 'model-2' }])
})

it('stands on stored heads when the ranker fails, and says so', async () => {
  const ranking = { rank: () => Promise.reject(new Error('down')) }
  const { context, degradations } = stageContext()
  const scorer = phoenixScorer({ ranking, ...LIMITS })
  const patches = await scorer.score(filledQuery(), [list[0]!, stored], context)
  expect(patches).toEqual([new Error('the ranker did not answer'), kept])
  expect(degradations).toEqual(['CACHED_SCORES phoenix-ranking'])
})
