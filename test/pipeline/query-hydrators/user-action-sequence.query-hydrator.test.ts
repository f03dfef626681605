import { expect, it } from 'vitest'
import { userActionSequenceQueryHydrator } from '../../../src/pipeline/query-hydrators/user-action-sequence.query-hydrator.ts'
import { bareQuery, stageContext, VIEWER } from '../home-feed-fixtures.ts'

it("asks for the viewer's newest actions", async () => {
  const calls: unknown[] = []
  const viewerStore = {
    actionSequence: async (...call: unknown[]) => {
      calls.push(call)
      return []
    },
  }
  const hydrator = userActionSequenceQueryHydrator({ viewerStore, actionsMax: 128, timeoutMs: 150 })
  const { context } = stageContext()
  expect(await hydrator.hydrate(bareQuery(), context)).toEqual({ actionSequence: [] })
  expect(calls).toEqual([[VIEWER, 128]])
})
