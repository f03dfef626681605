import { expect, it } from 'vitest'
import { servedAuthorsQueryHydrator } from '../../../src/pipeline/query-hydrators/served-authors.query-hydrator.ts'
import { bareQuery, NOW_MS, stageContext, userId, VIEWER } from '../home-feed-fixtures.ts'

it('counts what was served by author, half after the half-life', async () => {
  const calls: unknown[] = []
  const served = [
    [10, 0],
    [10, 1_000],
    [10, 2_000],
    [11, 500],
    [12, -60_000],
  ] as const
  const hydrator = servedAuthorsQueryHydrator({
    viewerStore: {
      servedAuthors: async (...call) => {
        calls.push(call)
        return served.map(([author, agoMs]) => ({
          authorId: userId(author),
          servedAtMs: NOW_MS - agoMs,
        }))
      },
    },
    halfLifeMs: 1_000,
    windowMs: 7_000,
    rowsMax: 400,
    timeoutMs: 150,
  })
  const { servedByAuthor } = await hydrator.hydrate(bareQuery(), stageContext().context)
  expect([...(servedByAuthor ?? [])]).toEqual([
    ['10', 1.75],
    ['11', expect.closeTo(Math.SQRT1_2, 12)],
    ['12', 1],
  ])
  expect(calls).toEqual([[VIEWER, NOW_MS - 7_000, 400]])
})
