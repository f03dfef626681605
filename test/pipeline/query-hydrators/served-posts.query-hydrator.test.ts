import { expect, it } from 'vitest'
import { servedPostsQueryHydrator } from '../../../src/pipeline/query-hydrators/served-posts.query-hydrator.ts'
import { bareQuery, NOW_MS, postId, postIds, stageContext, VIEWER } from '../home-feed-fixtures.ts'

it('asks for a bounded number of the last minutes', async () => {
  const calls: unknown[] = []
  const viewerStore = {
    servedPostIds: async (...call: unknown[]) => {
      calls.push(call)
      return [postId(100), postId(90)]
    },
  }
  const hydrator = servedPostsQueryHydrator({
    viewerStore,
    windowMs: 600_000,
    idsMax: 100,
    timeoutMs: 150,
  })
  const { context } = stageContext()
  expect(await hydrator.hydrate(bareQuery(), context)).toEqual({ servedPostIds: postIds(100, 90) })
  expect(calls).toEqual([[VIEWER, NOW_MS - 600_000, 100]])
})
