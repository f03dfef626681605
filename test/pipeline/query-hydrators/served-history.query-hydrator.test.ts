import { expect, it } from 'vitest'
import { servedHistoryQueryHydrator } from '../../../src/pipeline/query-hydrators/served-history.query-hydrator.ts'
import {
  bareQuery,
  NOW_MS,
  postId,
  postIds,
  stageContext,
  userId,
  VIEWER,
} from '../home-feed-fixtures.ts'

it('reads posts, authors by half-lives, and visits, each within its window', async () => {
  const calls: unknown[] = []
  const served = [
    [10, 0],
    [10, 1_000],
    [10, 2_000],
    [11, 500],
    [12, -60_000],
  ] as const
  const hydrator = servedHistoryQueryHydrator({
    viewerStore: {
      servedHistory: async (...call) => {
        calls.push(call)
        return {
          postIds: [postId(100), postId(90)],
          authors: served.map(([author, agoMs]) => ({
            authorId: userId(author),
            servedAtMs: NOW_MS - agoMs,
          })),
          requestTimesMs: [NOW_MS - 5, NOW_MS - 9],
        }
      },
    },
    posts: { windowMs: 600_000, idsMax: 100 },
    authors: { halfLifeMs: 1_000, windowMs: 7_000, rowsMax: 400 },
    timeoutMs: 150,
  })
  const fields = await hydrator.hydrate(bareQuery(), stageContext().context)
  expect(fields.servedPostIds).toEqual(postIds(100, 90))
  expect([...(fields.servedByAuthor ?? [])]).toEqual([
    ['10', 1.75],
    ['11', expect.closeTo(Math.SQRT1_2, 12)],
    ['12', 1],
  ])
  expect(fields.pastRequestTimesMs).toEqual([NOW_MS - 5, NOW_MS - 9])
  const range = {
    postsSinceMs: NOW_MS - 600_000,
    postIdsMax: 100,
    authorsSinceMs: NOW_MS - 7_000,
    authorRowsMax: 400,
  }
  expect(calls).toEqual([[VIEWER, range]])
})
