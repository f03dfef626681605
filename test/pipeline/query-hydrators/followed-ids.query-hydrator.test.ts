import { expect, it } from 'vitest'
import { followedIdsQueryHydrator } from '../../../src/pipeline/query-hydrators/followed-ids.query-hydrator.ts'
import { bareQuery, stageContext, userId } from '../home-feed-fixtures.ts'

it('keeps the order of follows', async () => {
  const viewerStore = { followedIds: async () => [userId(12), userId(10)] }
  const hydrator = followedIdsQueryHydrator({ viewerStore, timeoutMs: 150 })
  const { followedIds } = await hydrator.hydrate(bareQuery(), stageContext().context)
  expect([...(followedIds ?? [])]).toEqual(['12', '10'])
})
