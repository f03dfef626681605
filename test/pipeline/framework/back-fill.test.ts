import { describe, expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import {
  filter,
  hydrator,
  listSource,
  tinyConfig,
  tinyQuery,
  tinyRequest,
  topSelector,
} from './tiny-pipeline.ts'

const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)
/** 'v01', 'v02', ... visible; 'h..' hidden, by the name. */
const named = (names: string) => names.split(' ')

interface Setting {
  readonly names: string
  readonly selectorSize: number
  readonly size: number
  /** Sizes of the batches that are hydrated, appended as they come. */
  readonly batches?: number[]
  readonly parts?: Parameters<typeof tinyConfig>[0]
  readonly request?: Parameters<typeof tinyRequest>[0]
}

function execute({ names, selectorSize, size, batches = [], parts, request }: Setting) {
  const pipeline = createCandidatePipeline(
    tinyConfig({
      sources: [listSource('one', named(names))],
      selector: topSelector(selectorSize),
      postSelectionHydrators: [
        hydrator({
          name: 'VisibilityHydrator',
          failurePolicy: 'fail-closed',
          writes: ['visible'],
          hydrate: async (_query, list) => {
            batches.push(list.length)
            return list.map(({ id }) => ({ visible: id.startsWith('v') }))
          },
        }),
      ],
      postSelectionFilters: [
        filter({
          name: 'VisibilityFilter',
          failurePolicy: 'fail-closed',
          reads: ['visible'],
          keep:
            () =>
            ({ visible }) =>
              visible === true,
        }),
      ],
      ...parts,
    }),
  )
  return pipeline.execute(tinyQuery({ size }), tinyRequest(request))
}

describe('back-fill', () => {
  it('leaves what the selector left out where a pipeline says so', async () => {
    const result = await execute({
      names: 'v1 h2 v3 v4',
      selectorSize: 2,
      size: 3,
      parts: { backFills: false },
    })
    expect(ids(result.selected)).toEqual(['v1'])
    expect(ids(result.nonSelected)).toEqual(['v3', 'v4'])
  })

  it('takes the next of the reserve, in order, through the same components', async () => {
    const batches: number[] = []
    const result = await execute({
      names: 'v1 h2 h3 v4 h5 v6 v7',
      selectorSize: 3,
      size: 3,
      batches,
    })
    expect(ids(result.selected)).toEqual(['v1', 'v4', 'v6'])
    expect(ids(result.nonSelected)).toEqual(['v7'])
    expect(result.removed.map(({ candidate, stage }) => [candidate.id, stage])).toEqual([
      ['h2', 'post-selection-filter'],
      ['h3', 'post-selection-filter'],
      ['h5', 'post-selection-filter'],
    ])
    expect(batches).toEqual([3, 2, 2])
    const rounds = result.components.filter(({ component }) => component === 'VisibilityFilter')
    expect(rounds.map(({ round, in: given, out }) => [round, given, out])).toEqual([
      [0, 3, 1],
      [1, 3, 2],
      [2, 4, 4],
    ])
  })

  it('judges a batch together with what is kept: rules over the whole list hold', async () => {
    const onePerLetter = filter({
      name: 'LetterFilter',
      keep: () => {
        const seen = new Set<string>()
        return ({ id }) => {
          const letter = id.slice(-1)
          const isNew = !seen.has(letter)
          seen.add(letter)
          return isNew || `second ${letter}`
        }
      },
    })
    const result = await execute({
      names: 'v1a v2a v3a v4b v5c',
      selectorSize: 2,
      size: 2,
      parts: { postSelectionHydrators: [], postSelectionFilters: [onePerLetter] },
    })
    expect(ids(result.selected)).toEqual(['v1a', 'v4b'])
    expect(result.removed.map(({ candidate, detail }) => [candidate.id, detail])).toEqual([
      ['v2a', 'second a'],
      ['v3a', 'second a'],
    ])
  })

  it('cuts to the size; what is cut follows the reserve', async () => {
    const result = await execute({ names: 'v1 v2 v3 v4 v5', selectorSize: 4, size: 2 })
    expect(ids(result.selected)).toEqual(['v1', 'v2'])
    expect(ids(result.nonSelected)).toEqual(['v5', 'v3', 'v4'])
  })

  it('needs few rounds for a reserve full of hidden posts', async () => {
    const hidden = Array.from({ length: 1_000 }, (_, index) => `h${index}`).join(' ')
    const batches: number[] = []
    const result = await execute({ names: `v1 ${hidden} v2`, selectorSize: 1, size: 2, batches })
    expect(ids(result.selected)).toEqual(['v1', 'v2'])
    expect(batches.length).toBeLessThanOrEqual(11)
  })

  it('ends with the reserve: a short page', async () => {
    const result = await execute({ names: 'v1 h2 h3', selectorSize: 1, size: 5 })
    expect(ids(result.selected)).toEqual(['v1'])
    expect(result.nonSelected).toEqual([])
  })

  it("ends with the request's time; the reserve stays", async () => {
    let nowMs = 0
    const result = await execute({
      names: 'v1 h2 v3 v4',
      selectorSize: 2,
      size: 3,
      parts: {
        selector: {
          name: 'SlowSelector',
          select: (_query, list) => {
            nowMs = 100
            return { selected: list.slice(0, 2), nonSelected: list.slice(2) }
          },
        },
      },
      request: { now: () => nowMs, deadlineMs: 100 },
    })
    expect(ids(result.selected)).toEqual(['v1'])
    expect(ids(result.nonSelected)).toEqual(['v3', 'v4'])
  })

  it('ends when nothing can be judged: the reserve is not emptied into the removed', async () => {
    const result = await execute({
      names: 'v1 v2 v3 v4',
      selectorSize: 2,
      size: 2,
      parts: {
        postSelectionHydrators: [
          hydrator({
            name: 'VisibilityHydrator',
            failurePolicy: 'fail-closed',
            writes: ['visible'],
            hydrate: () => Promise.reject(new Error('database is down')),
          }),
        ],
      },
    })
    expect(result.selected).toEqual([])
    expect(ids(result.nonSelected)).toEqual(['v3', 'v4'])
    expect(result.degraded).toMatchObject([{ component: 'VisibilityHydrator', code: 'failed' }])
  })
})
