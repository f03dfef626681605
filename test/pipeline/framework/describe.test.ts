import { expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import { describe, renderDescription } from '../../../src/pipeline/framework/describe.ts'
import {
  filter,
  hydrator,
  listSource,
  sideEffect,
  tinyConfig,
  topSelector,
} from './tiny-pipeline.ts'

const pipeline = createCandidatePipeline(
  tinyConfig({
    budgetMs: 1_000,
    sources: [{ ...listSource('ListSource', []), timeoutMs: 300 }],
    hydrators: [
      hydrator({
        name: 'TextHydrator',
        failurePolicy: 'fail-closed',
        writes: ['text', 'length'],
        hydrate: async () => [],
      }),
    ],
    filters: [
      filter({
        name: 'TextFilter',
        reads: ['text'],
        params: { words: ['a', 'b'] },
        keep: () => () => true,
      }),
    ],
    selector: topSelector(50),
    sideEffects: [sideEffect({ name: 'ASideEffect', run: async () => undefined })],
  }),
)

it('lists every component in run order', () => {
  expect(describe(pipeline)[1]).toEqual({
    stage: 'hydrator',
    name: 'TextHydrator',
    reads: [],
    writes: ['text', 'length'],
    failurePolicy: 'fail-closed',
    budgetMs: 1_000,
    params: {},
  })
  expect(describe(pipeline).map(({ budgetMs }) => budgetMs)).toEqual([
    300,
    1_000,
    null,
    null,
    5_000,
  ])
})

it('prints a table', () => {
  expect(`\n${renderDescription(describe(pipeline))}\n`).toMatchInlineSnapshot(`
    "
    stage        name          reads  writes       policy       budget   params
    source       ListSource    -      -            fail-open    300 ms   -
    hydrator     TextHydrator  -      text length  fail-closed  1000 ms  -
    filter       TextFilter    text   -            fail-open    -        words=["a","b"]
    selector     TopSelector   -      -            fail-open    -        count=50
    side-effect  ASideEffect   -      -            fail-open    5000 ms  -
    "
  `)
})

it('lists all ten stages, the empty ones too', () => {
  expect(pipeline.stages.map(({ stage, components }) => [stage, components.length])).toEqual([
    ['query-hydrator', 0],
    ['dependent-query-hydrator', 0],
    ['source', 1],
    ['hydrator', 1],
    ['filter', 1],
    ['scorer', 0],
    ['selector', 1],
    ['post-selection-hydrator', 0],
    ['post-selection-filter', 0],
    ['side-effect', 1],
  ])
})
