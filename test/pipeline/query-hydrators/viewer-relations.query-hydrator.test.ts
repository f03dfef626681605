import { expect, it } from 'vitest'
import { viewerRelationsQueryHydrator } from '../../../src/pipeline/query-hydrators/viewer-relations.query-hydrator.ts'
import { bareQuery, NOW_MS, stageContext, VIEWER } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'

it('fills every list of one read, and fails closed', async () => {
  const calls: unknown[] = []
  const given = relations({ blocked: [10], blockedBy: [11], muted: [12], mutedReposts: [13] })
  const viewerStore = {
    relations: async (...call: unknown[]) => {
      calls.push(call)
      return given
    },
  }
  const hydrator = viewerRelationsQueryHydrator({ viewerStore, timeoutMs: 150 })
  const { account, ...lists } = given
  expect(await hydrator.hydrate(bareQuery(), stageContext().context)).toEqual({
    ...lists,
    viewerAccount: account,
  })
  expect(calls).toEqual([[VIEWER, NOW_MS]])
  expect(hydrator.failurePolicy).toBe('fail-closed')
})
