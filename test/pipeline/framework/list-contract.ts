import { expect } from 'vitest'
import { RequestRun } from '../../../src/pipeline/framework/request-run.ts'
import { runFilters } from '../../../src/pipeline/framework/run-filters.ts'
import type { Removed } from '../../../src/pipeline/framework/component.ts'
import { contractContext } from './contract-case.ts'
import type { CaseOfKind, ContractCheck } from './contract-case.ts'
import { deepFreeze, without } from './contract-values.ts'

/** The checks of a filter, run as the pipeline runs it. */
export function filterChecks<Q extends object, C extends object>(
  contractCase: CaseOfKind<Q, C, 'filter'>,
): readonly ContractCheck[] {
  const { component, query, candidates, bareQuery, bareCandidates, nowMs, opaque } = contractCase
  const judge = async (list: readonly C[], asked?: Q) => {
    const removed: Removed<C>[] = []
    const run = new RequestRun({
      pipeline: 'contract',
      now: Date.now,
      ...contractContext(nowMs),
    })
    const kept = runFilters(run, {
      stage: 'filter',
      // A filter that throws must fail the check, whatever its policy.
      components: [{ ...(await component()), failurePolicy: 'fail-closed' }],
      query: asked ?? (await query()),
      candidates: list,
      removed,
    })
    return { kept, removed }
  }
  return [
    {
      title: 'keeps some and removes some',
      async check() {
        const { kept, removed } = await judge(await candidates())
        expect(kept.length, 'kept').toBeGreaterThan(0)
        expect(removed.length, 'removed').toBeGreaterThan(0)
        expect(removed.every(({ filter }) => filter === contractCase.name)).toBe(true)
      },
    },
    {
      title: 'leaves its input alone and repeats itself',
      async check() {
        const frozenQuery = deepFreeze(await query(), opaque)
        const frozen = deepFreeze(await candidates())
        const first = await judge(frozen, frozenQuery)
        expect(frozen).toEqual(await candidates())
        expect(without(frozenQuery, opaque)).toEqual(without(await query(), opaque))
        expect(await judge(await candidates())).toEqual(first)
      },
    },
    {
      title: 'takes an empty list',
      async check() {
        expect(await judge([])).toEqual({ kept: [], removed: [] })
      },
    },
    ...(bareQuery === undefined && bareCandidates === undefined
      ? []
      : [
          {
            title: 'judges what nobody hydrated',
            async check() {
              const list = await (bareCandidates ?? candidates)()
              const { kept, removed } = await judge(list, await (bareQuery ?? query)())
              expect(kept.length + removed.length).toBe(list.length)
            },
          },
        ]),
  ]
}

/** The checks of a selector. */
export function selectorChecks<Q extends object, C extends object>({
  component,
  query,
  candidates,
  bareCandidates,
  opaque,
}: CaseOfKind<Q, C, 'selector'>): readonly ContractCheck[] {
  const select = async (list: readonly C[]) => (await component()).select(await query(), list)
  const checkComplete = async (list: readonly C[]) => {
    const { selected, nonSelected } = await select(list)
    const answered = [...selected, ...nonSelected]
    expect(answered.length).toBe(list.length)
    expect(new Set(answered)).toEqual(new Set(list))
  }
  return [
    {
      title: 'orders or cuts, and loses and invents nothing',
      async check() {
        const list = await candidates()
        await checkComplete(list)
        const { selected } = await select(list)
        expect(selected, 'the case shows no choice').not.toEqual(list)
      },
    },
    {
      title: 'leaves its input alone and repeats itself',
      async check() {
        const frozenQuery = deepFreeze(await query(), opaque)
        const frozen = deepFreeze(await candidates())
        const first = (await component()).select(frozenQuery, frozen)
        expect(frozen).toEqual(await candidates())
        expect(without(frozenQuery, opaque)).toEqual(without(await query(), opaque))
        expect(await select(await candidates())).toEqual(first)
      },
    },
    {
      title: 'takes an empty list',
      async check() {
        expect(await select([])).toEqual({ selected: [], nonSelected: [] })
      },
    },
    ...(bareCandidates === undefined
      ? []
      : [
          {
            title: 'places what nobody scored',
            check: async () => checkComplete(await bareCandidates()),
          },
        ]),
  ]
}
