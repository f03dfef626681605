import { expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import {
  gate,
  listSource,
  sideEffect,
  tinyConfig,
  tinyQuery,
  tinyRequest,
} from './tiny-pipeline.ts'

const sources = [listSource('one', ['a', 'b'])]

it('starts after the answer, sees it, and is waited for by drain alone', async () => {
  const { opened, open } = gate()
  const seen: unknown[] = []
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sources,
      resultSize: () => 1,
      sideEffects: [
        sideEffect({
          name: 'ASideEffect',
          run: async ({ query, selected, nonSelected }) => {
            await opened
            seen.push([query.viewerId, selected.length, nonSelected.length])
          },
        }),
      ],
    }),
  )
  await pipeline.execute(tinyQuery(), tinyRequest())
  expect(seen).toEqual([])
  const drained = pipeline.drain()
  open()
  await drained
  expect(seen).toEqual([['viewer', 1, 1]])
  expect(pipeline.sideEffectCounts()).toEqual({ running: 0, succeeded: 1, failed: 0, dropped: 0 })
})

it('outlives the request that asked for it', async () => {
  const controller = new AbortController()
  const { opened, open } = gate()
  let aborted: boolean | undefined
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sideEffects: [
        sideEffect({
          name: 'ASideEffect',
          run: async (_result, { signal }) => {
            await opened
            aborted = signal.aborted
          },
        }),
      ],
    }),
  )
  await pipeline.execute(tinyQuery(), tinyRequest({ signal: controller.signal }))
  controller.abort()
  open()
  await pipeline.drain()
  expect(aborted).toBe(false)
})

it('counts failures and time-outs; one does not stop another', async () => {
  const never = () => new Promise<never>(() => undefined)
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sideEffects: [
        sideEffect({ name: 'ThrowingSideEffect', run: () => Promise.reject(new Error('broken')) }),
        sideEffect({ name: 'HangingSideEffect', timeoutMs: 5, run: never }),
        sideEffect({ name: 'OffSideEffect', enable: () => false, run: never }),
        sideEffect({ name: 'GoodSideEffect', run: async () => undefined }),
      ],
    }),
  )
  const { degraded } = await pipeline.execute(tinyQuery(), tinyRequest())
  await pipeline.drain()
  expect(degraded).toEqual([])
  expect(pipeline.sideEffectCounts()).toEqual({ running: 0, succeeded: 1, failed: 2, dropped: 0 })
})

it('drops and counts what is beyond the bound', async () => {
  const { opened, open } = gate()
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sideEffectBatchesMax: 2,
      sideEffects: [sideEffect({ name: 'ASideEffect', run: () => opened })],
    }),
  )
  for (let count = 0; count < 5; count++) await pipeline.execute(tinyQuery(), tinyRequest())
  expect(pipeline.sideEffectCounts()).toMatchObject({ dropped: 3 })
  open()
  await pipeline.drain()
  expect(pipeline.sideEffectCounts()).toEqual({ running: 0, succeeded: 2, failed: 0, dropped: 3 })
  await pipeline.execute(tinyQuery(), tinyRequest())
  await pipeline.drain()
  expect(pipeline.sideEffectCounts()).toMatchObject({ succeeded: 3, dropped: 3 })
})
