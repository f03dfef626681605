import { expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import {
  filter,
  hydrator,
  listSource,
  queryHydrator,
  scorer,
  tinyConfig,
  tinyQuery,
  tinyRequest,
  topSelector,
} from './tiny-pipeline.ts'

it('runs the ten stages in order', async () => {
  const order: string[] = []
  const noting = <T>(name: string, value: T): T => {
    order.push(name)
    return value
  }
  const textHydrator = hydrator({
    name: 'TextHydrator',
    writes: ['text'],
    hydrate: async (_query, candidates) =>
      noting(
        'hydrate',
        candidates.map(({ id }) => ({ text: `post ${id}` })),
      ),
  })
  const pipeline = createCandidatePipeline(
    tinyConfig({
      queryHydrators: [
        queryHydrator({
          name: 'FollowsQueryHydrator',
          writes: ['follows'],
          hydrate: async () => noting('follows', { follows: new Set(['b', 'c']) }),
        }),
      ],
      dependentQueryHydrators: [
        queryHydrator({
          name: 'LimitQueryHydrator',
          reads: ['follows'],
          writes: ['limit'],
          hydrate: async (query) => noting('limit', { limit: query.follows?.size }),
        }),
      ],
      sources: [listSource('one', ['a', 'b', 'c']), listSource('two', ['c', 'd'])],
      hydrators: [textHydrator],
      filters: [
        filter({
          name: 'NotAFilter',
          reads: ['text'],
          keep: () => noting('keep', (c) => c.text !== 'post a' || 'it is a'),
        }),
      ],
      scorers: [
        scorer({
          name: 'IdScorer',
          writes: ['score'],
          score: async (_query, candidates) =>
            noting(
              'score',
              candidates.map(({ id }) => ({ score: id.charCodeAt(0) })),
            ),
        }),
      ],
      selector: topSelector(2),
      resultSize: (query) => query.limit ?? 0,
      finalize: () => noting('finalize', undefined),
    }),
  )
  const result = await pipeline.execute(Object.freeze(tinyQuery()), tinyRequest())
  expect(order).toEqual(['follows', 'limit', 'hydrate', 'keep', 'score', 'finalize'])
  expect(result.selected.map(({ id }) => id)).toEqual(['d', 'c'])
  expect(result.selected[1]?.sources).toEqual(['one', 'two'])
  expect(result.nonSelected.map(({ id }) => id)).toEqual(['b'])
  expect(result.removed).toMatchObject([
    { candidate: { id: 'a' }, stage: 'filter', filter: 'NotAFilter', detail: 'it is a' },
  ])
  expect(result.degraded).toEqual([])
  expect(result.retrievedCount).toBe(4)
  expect(result.query.follows).toEqual(new Set(['b', 'c']))
})
