import { expect, it } from 'vitest'
import { DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import { InProcessCandidateCache } from '../../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { poolKeyOf, viewerStateOf } from '../../../src/pipeline/cached-pool/pool-key.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { postCandidateCacheSideEffect } from '../../../src/pipeline/side-effects/post-candidate-cache.side-effect.ts'
import {
  candidate,
  filledQuery,
  NOW_MS,
  post,
  postIds,
  stageContext,
} from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

const LIMITS = { enabled: true, postsMax: 3, ttlMs: 1_000 }

const scored = (id: number, weightedScore: number, more: Partial<PostCandidate> = {}) => ({
  ...candidate(post(id, 10)),
  sources: ['phoenix-retrieval'] as const,
  probabilities: row({ favorite: weightedScore }),
  dwellSeconds: 2,
  modelVersion: 'model-1',
  weightedScore,
  scoredBy: 'phoenix' as const,
  ...more,
})

/** What is kept of a ranking. */
async function keep(selected: PostCandidate[], more: Partial<HomeFeedQuery> = {}) {
  const cache = new InProcessCandidateCache({ postsMax: 100, now: () => NOW_MS })
  const sideEffect = postCandidateCacheSideEffect({ cache, ...LIMITS })
  const query = filledQuery(more)
  const nonSelected = [scored(9, 0.4), scored(8, 0.4)]
  if (sideEffect.enable?.(query) === true) {
    await sideEffect.run({ query, selected, nonSelected, removed: [] }, stageContext().context)
  }
  return cache.get(poolKeyOf(query))
}

it('keeps the best by weighted score, in a matrix of their own', async () => {
  const ranker = new Float32Array(1_000 * DISCRETE_ACTION_COUNT)
  const first = scored(1, 0.2, { probabilities: ranker.subarray(0, DISCRETE_ACTION_COUNT) })
  const pool = await keep([first, scored(2, 0.5), scored(3, 0), scored(4, -1)])
  expect(pool).toMatchObject({ modelVersion: 'model-1', viewerState: viewerStateOf(filledQuery()) })
  expect(pool?.posts.map(({ id }) => id)).toEqual(['2', '9', '8'])
  expect(pool?.posts[0]).toEqual({
    id: '2',
    authorId: '10',
    createdAtMs: expect.any(Number),
    sources: ['phoenix-retrieval'],
    ancestorIds: [],
    similarity: null,
    probabilities: row({ favorite: 0.5 }),
    dwellSeconds: 2,
  })
  const bytes = new Set(pool?.posts.map(({ probabilities }) => probabilities.buffer.byteLength))
  expect([...bytes]).toEqual([3 * DISCRETE_ACTION_COUNT * 4])
})

it('keeps nothing that the model did not score', async () => {
  const fallback = scored(1, 5, { scoredBy: 'fallback', probabilities: undefined })
  expect((await keep([fallback]))?.posts.map(({ id }) => id)).toEqual(['9', '8'])
})

it.each<[string, Partial<HomeFeedQuery>]>([
  ['stood on a pool', { cachedPool: { posts: [], modelVersion: 'm', viewerState: 's' } }],
  ['lengthened a slate', { sessionServedPostIds: postIds(1) }],
  ['did not know the history', { actionSequence: undefined }],
])('keeps nothing of a ranking that %s', async (_title, more) => {
  expect(await keep([scored(1, 0.2)], more)).toBeUndefined()
})

it('keeps no ranking that retrieval is missing from, unless it was not wanted', async () => {
  const cache = new InProcessCandidateCache({ postsMax: 100, now: () => NOW_MS })
  const { run } = postCandidateCacheSideEffect({ cache, ...LIMITS })
  const selected = [scored(1, 0.2, { sources: ['thunder'] } as never)]
  const { context } = stageContext()
  await run({ query: filledQuery(), selected, nonSelected: [], removed: [] }, context)
  expect(cache.postCount).toBe(0)
  const query = filledQuery({ filter: { ...EMPTY_FILTER, inNetworkOnly: true } })
  await run({ query, selected, nonSelected: [], removed: [] }, context)
  expect(cache.postCount).toBe(2)
})
