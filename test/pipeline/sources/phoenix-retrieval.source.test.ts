import { expect, it } from 'vitest'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import { phoenixRetrievalSource } from '../../../src/pipeline/sources/phoenix-retrieval.source.ts'
import {
  bareQuery,
  filledQuery,
  NOW_MS,
  postId,
  stageContext,
  topicId,
  userId,
  VIEWER,
} from '../home-feed-fixtures.ts'

const LIMITS = {
  postsMax: 1_000,
  postsPerAuthorMax: 20,
  retrievesFollowedTopics: false,
  timeoutMs: 200,
}

it('asks with the history, or with the user alone, and passes its limits on', async () => {
  const calls: unknown[] = []
  const retrieval = {
    retrieve: async (...call: unknown[]) => {
      calls.push(call)
      return {
        posts: [
          { postId: postId(100), authorId: userId(10), createdAtMs: NOW_MS, similarity: 0.5 },
        ],
        modelVersion: 'model-1',
      }
    },
  }
  const source = phoenixRetrievalSource({ retrieval, ...LIMITS })
  const { context } = stageContext()
  expect(await source.fetch(bareQuery(), context)).toMatchObject([
    { id: '100', authorId: '10', similarity: 0.5, sources: ['phoenix-retrieval'], ancestorIds: [] },
  ])
  expect(calls).toEqual([
    [
      { viewerId: VIEWER, actions: [], resultsMax: 1_000, postsPerAuthorMax: 20 },
      { signal: context.signal, deadlineMs: context.deadlineMs },
    ],
  ])
})

it('is not asked for a feed of followed accounts only', () => {
  const retrieve = async () => ({ posts: [], modelVersion: '' })
  const source = phoenixRetrievalSource({ retrieval: { retrieve }, ...LIMITS })
  const filter = { ...EMPTY_FILTER, inNetworkOnly: true }
  expect(source.enable?.({ ...filledQuery(), filter })).toBe(false)
  expect(source.enable?.(filledQuery())).toBe(true)
})

it('is not asked where a pool of a minute ago stands for it', () => {
  const retrieve = async () => ({ posts: [], modelVersion: '' })
  const source = phoenixRetrievalSource({ retrieval: { retrieve }, ...LIMITS })
  const cachedPool = { posts: [], modelVersion: 'm', viewerState: 's' }
  expect(source.enable?.(filledQuery({ cachedPool }))).toBe(false)
  expect(source.enable?.(filledQuery({ cachedPool: undefined }))).toBe(true)
})

it('leaves a request for topics to the source of topics, unless there are more than six', () => {
  const retrieve = async () => ({ posts: [], modelVersion: '' })
  const source = phoenixRetrievalSource({ retrieval: { retrieve }, ...LIMITS })
  const isOnFor = (count: number) => {
    const topics = Array.from({ length: count }, (_, index) => topicId(index + 1))
    return source.enable?.({ ...filledQuery(), filter: { ...EMPTY_FILTER, topics } })
  }
  expect([0, 1, 6, 7].map(isOnFor)).toEqual([true, false, false, true])
})
