import { expect, it } from 'vitest'
import { seenPostsQueryHydrator } from '../../../src/pipeline/query-hydrators/seen-posts.query-hydrator.ts'
import { bareQuery, NOW_MS, postId, postIds, stageContext, VIEWER } from '../home-feed-fixtures.ts'

it('joins impressions of the window and what is on screen', async () => {
  const calls: unknown[] = []
  const viewerStore = {
    seenPostIds: async (...call: unknown[]) => {
      calls.push(call)
      return [postId(100)]
    },
  }
  const hydrator = seenPostsQueryHydrator({ viewerStore, windowMs: 1_000, timeoutMs: 150 })
  const query = { ...bareQuery(), alsoSeenPostIds: postIds(101) }
  const { context } = stageContext()
  expect(await hydrator.hydrate(query, context)).toEqual({ seenPostIds: postIds(100, 101) })
  expect(calls).toEqual([[VIEWER, NOW_MS - 1_000]])
})
