import { expect, it } from 'vitest'
import { seenPostsQueryHydrator } from '../../../src/pipeline/query-hydrators/seen-posts.query-hydrator.ts'
import { bareQuery, NOW_MS, postId, postIds, stageContext, VIEWER } from '../home-feed-fixtures.ts'
import { seenGeneration } from '../store-fixtures.ts'

it('joins impressions of the window, what is on screen, and older filters', async () => {
  const calls: unknown[] = []
  const generations = [seenGeneration(7)]
  const viewerStore = {
    seen: async (...call: unknown[]) => {
      calls.push(call)
      return { postIds: [postId(100)], generations }
    },
  }
  const hydrator = seenPostsQueryHydrator({ viewerStore, windowMs: 1_000, timeoutMs: 150 })
  const query = { ...bareQuery(), alsoSeenPostIds: postIds(101) }
  const { context } = stageContext()
  expect(await hydrator.hydrate(query, context)).toEqual({
    seenPostIds: postIds(100, 101),
    seenGenerations: generations,
  })
  expect(calls).toEqual([[VIEWER, NOW_MS - 1_000]])
})
