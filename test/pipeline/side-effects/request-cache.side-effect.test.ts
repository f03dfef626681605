import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../../src/pipeline/params/feed-settings.ts'
import { RequestCache } from '../../../src/pipeline/request-cache.ts'
import { requestCacheSideEffect } from '../../../src/pipeline/side-effects/request-cache.side-effect.ts'
import { candidate, filledQuery, NOW_MS, post, stageContext } from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

function createSetting(requestsMax = 10) {
  const clock = { nowMs: NOW_MS }
  const cache = new RequestCache({ ttlMs: 1_000, requestsMax, now: () => clock.nowMs })
  const sideEffect = requestCacheSideEffect({ cache, weightsVersion: 'weights-1' })
  const run = (requestId: string) =>
    sideEffect.run(
      {
        query: { ...filledQuery(), requestId },
        selected: [
          candidate(post(100, 10), {
            probabilities: row({ favorite: 0.5 }),
            dwellSeconds: 3,
            modelVersion: 'model-1',
            weightedScore: 0.4,
            score: 0.3,
            scoredBy: 'phoenix',
          }),
          candidate(post(101, 11)),
        ],
        nonSelected: [candidate(post(102, 12))],
        removed: [],
      },
      stageContext().context,
    )
  return { clock, cache, run }
}

it('remembers the slate, its scores and the rows of the model', async () => {
  const { cache, run } = createSetting()
  await run('r1')
  expect(cache.get('r1')).toEqual({
    requestId: 'r1',
    viewerId: '1',
    rankedAtMs: NOW_MS,
    modelVersion: 'model-1',
    weightsVersion: 'weights-1',
    arms: [],
    settingsDigest: DEFAULT_SETTINGS.digest,
    slate: [
      {
        postId: '100',
        sources: ['thunder'],
        score: 0.3,
        weightedScore: 0.4,
        scoredBy: 'phoenix',
        dwellSeconds: 3,
        probabilities: row({ favorite: 0.5 }),
      },
      {
        postId: '101',
        sources: ['thunder'],
        score: null,
        weightedScore: null,
        scoredBy: null,
        dwellSeconds: null,
        probabilities: null,
      },
    ],
    outrankedCount: 1,
  })
})

it('is bounded in number and age', async () => {
  const { clock, cache, run } = createSetting(2)
  for (const id of ['r1', 'r2', 'r3']) await run(id)
  expect(cache.get('r1')).toBeUndefined()
  expect(cache.get('r3')).toBeDefined()
  clock.nowMs += 1_001
  expect(cache.get('r3')).toBeUndefined()
})
