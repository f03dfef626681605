import { expect, it } from 'vitest'
import { createPostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { cachedPostsSource } from '../../../src/pipeline/sources/cached-posts.source.ts'
import { bareCandidate, filledQuery, post, stageContext } from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

const source = cachedPostsSource()

it('brings identity and heads, and no fact', async () => {
  const identity = bareCandidate(post(100, 10))
  const probabilities = row({ favorite: 0.5 })
  const pool = {
    posts: [{ ...identity, probabilities, dwellSeconds: 2 }],
    modelVersion: 'model-1',
    viewerState: 's',
  }
  const query = filledQuery({ cachedPool: pool })
  const [candidate] = await source.fetch(query, stageContext().context)
  expect(candidate).toEqual({
    ...createPostCandidate({ ...identity, sources: ['thunder', 'cached-posts'] }),
    probabilities,
    dwellSeconds: 2,
    modelVersion: 'model-1',
  })
  const [again] = await source.fetch(query, stageContext().context)
  expect(again).not.toBe(candidate)
})

it.each([null, undefined])('is off with %s as the pool', async (cachedPool) => {
  const query = filledQuery({ cachedPool })
  expect(source.enable?.(query)).toBe(false)
  expect(await source.fetch(query, stageContext().context)).toEqual([])
})
