import { expect, it } from 'vitest'
import type { CandidatePool } from '../../../src/pipeline/cached-pool/candidate-cache.ts'
import { viewerStateOf } from '../../../src/pipeline/cached-pool/pool-key.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { cachedCandidatesQueryHydrator } from '../../../src/pipeline/query-hydrators/cached-candidates.query-hydrator.ts'
import {
  bareCandidate,
  filledQuery,
  post,
  postIds,
  stageContext,
  userIds,
} from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

const POSTS_MIN = 3

function poolOf(size: number): CandidatePool {
  const posts = Array.from({ length: size }, (_, index) => ({
    ...bareCandidate(post(index + 1, 2)),
    probabilities: row({}),
    dwellSeconds: null,
  }))
  return { posts, modelVersion: 'm', viewerState: viewerStateOf(filledQuery()) ?? '' }
}

function hydratorOf(pool: CandidatePool | undefined, enabled = true) {
  const cache = { get: async () => pool, put: async () => undefined }
  const limits = { postsMin: POSTS_MIN, timeoutMs: 300 }
  return cachedCandidatesQueryHydrator({ cache, enabled, ...limits })
}

const enough = poolOf(POSTS_MIN)

it.each<[string, CandidatePool | undefined, Partial<HomeFeedQuery>, boolean]>([
  ['a pool of the same state', enough, {}, true],
  ['no pool', undefined, {}, false],
  ['a small pool', poolOf(POSTS_MIN - 1), {}, false],
  ['a pool from before a follow', enough, { followedIds: userIds(9) }, false],
  ['a pool and a history that could not be read', enough, { actionSequence: undefined }, false],
])('finds %s', async (_title, pool, more, isFound) => {
  const { cachedPool } = await hydratorOf(pool).hydrate(filledQuery(more), stageContext().context)
  expect(cachedPool).toBe(isFound ? pool : null)
})

it('is asked for a new slate only, and when it is on', () => {
  const lengthened = filledQuery({ sessionServedPostIds: postIds(1) })
  expect(hydratorOf(enough).enable?.(filledQuery())).toBe(true)
  expect(hydratorOf(enough).enable?.(lengthened)).toBe(false)
  expect(hydratorOf(enough, false).enable?.(filledQuery())).toBe(false)
})
