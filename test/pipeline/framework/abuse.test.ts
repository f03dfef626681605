import { describe, expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import type {
  AnyFilter,
  AnyHydrator,
  Selector,
  Source,
} from '../../../src/pipeline/framework/component.ts'
import {
  filter,
  hydrator,
  listSource,
  queryHydrator,
  scorer,
  tinyCandidate,
  tinyConfig,
  tinyQuery,
  tinyRequest,
} from './tiny-pipeline.ts'
import type { TinyCandidate, TinyQuery } from './tiny-pipeline.ts'

type Config = Parameters<typeof tinyConfig>[0]

const textHydrator = (name = 'TextHydrator') =>
  hydrator({
    name,
    writes: ['text'],
    hydrate: async (_query, candidates) => candidates.map(() => ({ text: 'hello' })),
  })
const textFilter = filter({
  name: 'TextFilter',
  reads: ['text'],
  keep:
    () =>
    ({ text }) =>
      text != null,
})

const IDENTITY = ' (an identity field: list it under identity)'

describe('a pipeline that cannot work is refused when it is built', () => {
  const misuses: readonly (readonly [string, Config])[] = [
    [
      'two components are named TextHydrator (hydrator and post-selection-hydrator)',
      { hydrators: [textHydrator()], postSelectionHydrators: [textHydrator()] },
    ],
    [
      'AHydrator and BHydrator both write text in stage hydrator',
      { hydrators: [textHydrator('AHydrator'), textHydrator('BHydrator')] },
    ],
    [
      'TextHydrator writes text twice',
      { hydrators: [{ ...textHydrator(), writes: ['text', 'text'] }] },
    ],
    [
      'TextFilter reads text, which nobody before stage filter writes' + IDENTITY,
      { filters: [textFilter] },
    ],
    [
      'LengthHydrator reads text, which nobody before stage hydrator writes' + IDENTITY,
      {
        hydrators: [
          textHydrator(),
          hydrator({
            name: 'LengthHydrator',
            reads: ['text'],
            writes: ['length'],
            hydrate: async (_query, candidates) => candidates.map(() => ({ length: 1 })),
          }),
        ],
      },
    ],
    [
      'LimitQueryHydrator reads follows, which nobody before stage query-hydrator writes' +
        IDENTITY,
      {
        queryHydrators: [
          queryHydrator({
            name: 'LimitQueryHydrator',
            reads: ['follows'],
            writes: ['limit'],
            hydrate: async () => ({ limit: 1 }),
          }),
        ],
      },
    ],
    [
      'TextHydrator has failurePolicy replace but no replacement: say what stands in',
      { hydrators: [{ ...textHydrator(), failurePolicy: 'replace' }] },
    ],
    [
      'TextHydrator has a replacement but failurePolicy fail-open',
      { hydrators: [{ ...textHydrator(), replacement: 'the title' }] },
    ],
    [
      'AFilter is a filter: its failurePolicy is fail-open or fail-closed',
      {
        filters: [
          filter({
            name: 'AFilter',
            failurePolicy: 'replace',
            replacement: 'none',
            keep: () => () => true,
          }),
        ],
      },
    ],
    [
      'TextHydrator has timeoutMs 0: it must be above 0',
      { hydrators: [{ ...textHydrator(), timeoutMs: 0 }] },
    ],
    ['a component of stage hydrator has no name', { hydrators: [textHydrator('')] }],
    ['budgetMs must be above 0, got 0', { budgetMs: 0 }],
    ['sideEffectBatchesMax must be at least 1, got 0', { sideEffectBatchesMax: 0 }],
  ]
  it.each(misuses)('%s', (message, parts) => {
    expect(() => createCandidatePipeline(tinyConfig(parts))).toThrow(
      new Error(`pipeline tiny: ${message}`),
    )
  })

  it('takes identity fields, source fields, earlier stages and earlier scorers as written', () => {
    const scored = (name: string) =>
      scorer({
        name,
        reads: ['score', 'sources'],
        writes: ['score'],
        score: async (_query, candidates) => candidates.map(() => ({ score: 1 })),
      })
    expect(() =>
      createCandidatePipeline(
        tinyConfig({
          identity: { candidate: ['sources'] },
          sources: [{ ...listSource('one', []), writes: ['score'] }],
          hydrators: [textHydrator()],
          filters: [textFilter],
          scorers: [scored('AScorer'), scored('BScorer')],
        }),
      ),
    ).not.toThrow()
  })
})

/** What a component written without the compiler might do. */
const untyped = {
  hydrator: (hydrate: unknown) =>
    ({ ...textHydrator(), hydrate }) as AnyHydrator<TinyQuery, TinyCandidate>,
  filter: (keep: unknown) =>
    ({ name: 'BadFilter', failurePolicy: 'fail-closed', keep }) as AnyFilter<
      TinyQuery,
      TinyCandidate
    >,
  source: (fetch: unknown) => ({ name: 'BadSource', fetch }) as Source<TinyQuery, TinyCandidate>,
  selector: (select: unknown) =>
    ({ name: 'BadSelector', select }) as Selector<TinyQuery, TinyCandidate>,
}
const sources = [listSource('one', ['a', 'b'])]
const execute = (parts: Config) =>
  createCandidatePipeline(tinyConfig({ sources, ...parts })).execute(tinyQuery(), tinyRequest())

describe('an answer that breaks the contract fails its component', () => {
  const where = 'TextHydrator (hydrator)'
  it.each([
    [`${where} answered 1 patches for 2 candidates`, async () => [{ text: 'one' }]],
    [`${where} must answer a list of patches, got undefined`, async () => undefined],
    [`${where} must answer a list of patches, got Map`, () => new Map()],
    [
      `${where} failed: broken`,
      () => {
        throw new Error('broken')
      },
    ],
    [`${where} failed: 'a text'`, () => Promise.reject('a text')],
    [`${where} failed: hydrate is not a function`, undefined],
  ])('hydrator: %s', async (message, hydrate) => {
    const { degraded, selected } = await execute({ hydrators: [untyped.hydrator(hydrate)] })
    expect(degraded).toHaveLength(1)
    expect(String(degraded[0]?.cause)).toMatch(
      message.endsWith('not a function')
        ? /TextHydrator.*not a function/
        : `ComponentError: ${message}`,
    )
    expect(selected.map(({ text }) => text)).toEqual([undefined, undefined])
  })

  it.each([
    ['patch 1 must be an object or an Error, got null', null],
    ['patch 1 must be an object or an Error, got number', 7],
    ['patch 1 must be an object or an Error, got undefined', undefined],
    ['not found', new Error('not found')],
  ])('one patch: %s', async (message, patch) => {
    const { degraded, selected, components } = await execute({
      hydrators: [untyped.hydrator(async () => [{ text: 'one' }, patch])],
    })
    expect(degraded).toMatchObject([{ code: 'partial', component: 'TextHydrator' }])
    expect(degraded[0]?.cause).toEqual(new Error(message))
    expect(selected.map(({ text }) => text)).toEqual(['one', undefined])
    expect(components.find(({ stage }) => stage === 'hydrator')).toMatchObject({ in: 2, out: 1 })
  })

  it.each([
    [
      'keep() must answer a function, got Promise',
      async () => {
        throw new Error('late')
      },
    ],
    ['keep() must answer a function, got boolean', () => true],
    ['the predicate must answer a boolean or a string, got Promise', () => async () => true],
    ['the predicate must answer a boolean or a string, got undefined', () => () => undefined],
  ])('filter: %s', async (message, keep) => {
    await expect(execute({ filters: [untyped.filter(keep)] })).rejects.toThrow(
      `BadFilter (filter) failed: ${message}`,
    )
  })

  it.each([
    ['must answer a list of candidates, got null', null],
    ['candidate 1 must be an object, got undefined', [tinyCandidate('a'), undefined]],
  ])('source: %s', async (message, answer) => {
    const { degraded, selected } = await execute({ sources: [untyped.source(async () => answer)] })
    expect(String(degraded[0]?.cause)).toBe(`ComponentError: BadSource (source) ${message}`)
    expect(selected).toEqual([])
  })

  it.each([
    [
      'answered 1 + 0 of 2 candidates',
      (_q: unknown, [first]: unknown[]) => ({ selected: [first], nonSelected: [] }),
    ],
    [
      'failed: select() must answer two lists, got Promise',
      async () => ({ selected: [], nonSelected: [] }),
    ],
    [
      'failed: broken',
      () => {
        throw new Error('broken')
      },
    ],
  ])('selector: %s', async (message, select) => {
    await expect(execute({ selector: untyped.selector(select) })).rejects.toThrow(
      `BadSelector (selector) ${message}`,
    )
  })

  it('enable: an answer that is no boolean', async () => {
    const enable = (() => Promise.reject(new Error('late'))) as unknown as () => boolean
    const { degraded } = await execute({ hydrators: [{ ...textHydrator(), enable }] })
    expect(String(degraded[0]?.cause)).toBe(
      'ComponentError: TextHydrator (hydrator) failed: enable() must answer a boolean, got Promise',
    )
  })

  it('resultSize and finalize: the request fails with the rule', async () => {
    await expect(execute({ resultSize: () => -1 })).rejects.toThrow(
      'pipeline tiny: resultSize must answer an integer from 0, got -1',
    )
    await expect(execute({ finalize: async () => undefined })).rejects.toThrow(
      'pipeline tiny: finalize must be synchronous and answer nothing, got Promise',
    )
  })
})
