import { expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import type { FailurePolicy } from '../../../src/pipeline/framework/component.ts'
import {
  filter,
  hydrator,
  listSource,
  queryHydrator,
  scorer,
  source,
  tinyConfig,
  tinyQuery,
  tinyRequest,
} from './tiny-pipeline.ts'

type Parts = Parameters<typeof tinyConfig>[0]

const fail = () => Promise.reject(new Error('broken'))
const sources = [listSource('one', ['a', 'b'])]
const execute = (parts: Parts, request = tinyRequest()) =>
  createCandidatePipeline(tinyConfig({ sources, ...parts })).execute(tinyQuery(), request)

it.each<FailurePolicy>(['fail-open', 'fail-closed', 'replace'])(
  'goes on without what fails elsewhere than in a filter, and says so: %s',
  async (failurePolicy) => {
    const policy = {
      failurePolicy,
      ...(failurePolicy === 'replace' ? { replacement: 'nothing' } : {}),
      degradation: 'ENRICHMENT_MISSING',
      dependency: 'database',
    }
    const { selected, degraded, query } = await execute({
      queryHydrators: [
        queryHydrator({ ...policy, name: 'AQueryHydrator', writes: ['follows'], hydrate: fail }),
        queryHydrator({
          name: 'BQueryHydrator',
          writes: ['limit'],
          hydrate: async () => ({ limit: 5 }),
        }),
      ],
      sources: [source({ ...policy, name: 'ASource', fetch: fail }), ...sources],
      hydrators: [hydrator({ ...policy, name: 'AHydrator', writes: ['text'], hydrate: fail })],
      scorers: [
        scorer({ ...policy, name: 'AScorer', writes: ['score'], score: fail }),
        scorer({
          name: 'BScorer',
          writes: ['score'],
          score: async (_query, list) => list.map(({ id }) => ({ score: id === 'b' ? 1 : 0 })),
        }),
      ],
    })
    expect(selected.map(({ id }) => id)).toEqual(['b', 'a'])
    expect(selected[0]?.text).toBeUndefined()
    expect([query.follows, query.limit]).toEqual([undefined, 5])
    expect(degraded.map(({ component }) => component)).toEqual([
      'AQueryHydrator',
      'ASource',
      'AHydrator',
      'AScorer',
    ])
    expect(degraded[0]).toMatchObject({
      stage: 'query-hydrator',
      code: 'failed',
      policy: failurePolicy,
      degradation: 'ENRICHMENT_MISSING',
      dependency: 'database',
      cause: { name: 'ComponentError', cause: new Error('broken') },
    })
  },
)

const brokenFilter = (failurePolicy: FailurePolicy) =>
  filter({
    name: 'BrokenFilter',
    failurePolicy,
    keep:
      () =>
      ({ id }) => {
        if (id === 'b') throw new Error('broken')
        return false
      },
  })

it('takes a fail-open filter that throws as not run, its removals included', async () => {
  const { selected, removed, degraded } = await execute({ filters: [brokenFilter('fail-open')] })
  expect(selected.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(removed).toEqual([])
  expect(degraded).toMatchObject([
    { component: 'BrokenFilter', code: 'failed', policy: 'fail-open' },
  ])
})

it('fails the request when a fail-closed filter throws, and runs no side effect', async () => {
  let ran = false
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sources,
      filters: [brokenFilter('fail-closed')],
      sideEffects: [
        {
          name: 'ASideEffect',
          run: async () => {
            ran = true
          },
        },
      ],
    }),
  )
  await expect(pipeline.execute(tinyQuery(), tinyRequest())).rejects.toMatchObject({
    name: 'ComponentError',
    stage: 'filter',
    component: 'BrokenFilter',
    code: 'failed',
  })
  await pipeline.drain()
  expect(ran).toBe(false)
})

it('switches off what enable says, on the query as its stage sees it', async () => {
  const { selected, components } = await execute({
    queryHydrators: [
      queryHydrator({
        name: 'AQueryHydrator',
        writes: ['limit'],
        hydrate: async () => ({ limit: 1 }),
      }),
    ],
    filters: [
      filter({ name: 'OffFilter', enable: ({ limit }) => limit !== 1, keep: () => () => false }),
      filter({
        name: 'OnFilter',
        enable: ({ limit }) => limit === 1,
        keep:
          () =>
          ({ id }) =>
            id !== 'a',
      }),
    ],
    selector: {
      name: 'OffSelector',
      enable: () => false,
      select: () => ({ selected: [], nonSelected: [] }),
    },
  })
  expect(selected.map(({ id }) => id)).toEqual(['b'])
  expect(components.map(({ component, enabled }) => [component, enabled])).toEqual([
    ['AQueryHydrator', true],
    ['one', true],
    ['OffFilter', false],
    ['OnFilter', true],
    ['OffSelector', false],
  ])
})

it('rejects with the reason when the request is aborted, and waits for nobody', async () => {
  const controller = new AbortController()
  const running = execute(
    {
      sources: [
        source({
          name: 'HangingSource',
          fetch: () => {
            controller.abort(new Error('the client left'))
            return new Promise(() => undefined)
          },
        }),
      ],
    },
    tinyRequest({ signal: controller.signal }),
  )
  await expect(running).rejects.toThrow('the client left')
})

it('answers in time with everything hanging, rules still applied', async () => {
  const hang = () => new Promise<never>(() => undefined)
  const { selected, degraded } = await execute(
    {
      hydrators: [
        hydrator({ name: 'AHydrator', dependency: 'x', writes: ['text'], hydrate: hang }),
      ],
      filters: [
        filter({
          name: 'AFilter',
          keep:
            () =>
            ({ id }) =>
              id !== 'a',
        }),
      ],
      scorers: [
        scorer({ name: 'AScorer', dependency: 'x', writes: ['length'], score: hang }),
        scorer({
          name: 'FallbackScorer',
          writes: ['score'],
          score: async (_query, list) => list.map(() => ({ score: 3 })),
        }),
      ],
    },
    tinyRequest({ deadlineMs: performance.now() + 20, now: () => performance.now() }),
  )
  expect(selected).toMatchObject([{ id: 'b', score: 3 }])
  expect(degraded.map(({ component, code }) => [component, code])).toEqual([
    ['AHydrator', 'timed_out'],
    ['AScorer', 'timed_out'],
  ])
})
