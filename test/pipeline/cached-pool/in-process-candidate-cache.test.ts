import { expect, it } from 'vitest'
import type { CandidatePool } from '../../../src/pipeline/cached-pool/candidate-cache.ts'
import { InProcessCandidateCache } from '../../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { bareCandidate, NOW_MS, post } from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

function poolOf(size: number): CandidatePool {
  const posts = Array.from({ length: size }, (_, index) => ({
    ...bareCandidate(post(index + 1, 2)),
    probabilities: row({}),
    dwellSeconds: null,
  }))
  return { posts, modelVersion: 'm', viewerState: 's' }
}

it('keeps a pool for its time', async () => {
  const clock = { nowMs: NOW_MS }
  const cache = new InProcessCandidateCache({ postsMax: 100, now: () => clock.nowMs })
  const pool = poolOf(3)
  await cache.put('a', pool, 1_000)
  clock.nowMs += 1_000
  expect(await cache.get('a')).toBe(pool)
  expect(cache.postCount).toBe(4)
  clock.nowMs += 1
  expect(await cache.get('a')).toBeUndefined()
  expect(cache.postCount).toBe(0)
})

it('holds so many posts, of the pools used last', async () => {
  const cache = new InProcessCandidateCache({ postsMax: 10, now: () => NOW_MS })
  for (const key of ['a', 'b']) await cache.put(key, poolOf(4), 1_000)
  await cache.get('a')
  await cache.put('c', poolOf(4), 1_000)
  const kept = await Promise.all(['a', 'b', 'c'].map(async (key) => [key, await cache.get(key)]))
  expect(kept.flatMap(([key, pool]) => (pool === undefined ? [] : [key]))).toEqual(['a', 'c'])
  // One that is larger than all room is not kept.
  await cache.put('d', poolOf(10), 1_000)
  expect(await cache.get('d')).toBeUndefined()
  expect(cache.postCount).toBeLessThanOrEqual(10)
})
