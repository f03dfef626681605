import { expect } from 'vitest'
import type {
  Patches,
  StageContext,
  WritableKeys,
} from '../../../src/pipeline/framework/component.ts'
import { applyPatches } from '../../../src/pipeline/framework/patches.ts'
import { abortChecks } from './abort-contract.ts'
import { contractContext } from './contract-case.ts'
import type { CaseOfKind, ContractCheck } from './contract-case.ts'
import { deepFreeze, expectClose, isChanged, without } from './contract-values.ts'

type AnyPatches<C> = Patches<Readonly<Partial<C>>>
type Call<Q, C> = (
  query: Q,
  candidates: readonly C[],
  context: StageContext,
) => Promise<AnyPatches<C>>
type PatchCase<Q extends object, C extends object> =
  CaseOfKind<Q, C, 'hydrator'> | CaseOfKind<Q, C, 'scorer'>

/** A hydrator and a scorer alike: what it writes and how it is called. */
export interface PatchCalls<Q, C> {
  writes(): Promise<readonly WritableKeys<C>[]>
  readonly call: Call<Q, C>
  readonly callStalled: Call<Q, C> | undefined
}

export function hydratorCalls<Q extends object, C extends object>({
  component,
  stalled,
}: CaseOfKind<Q, C, 'hydrator'>): PatchCalls<Q, C> {
  return {
    writes: async () => (await component()).writes,
    call: async (...input) => (await component()).hydrate(...input),
    callStalled: stalled && (async (...input) => (await stalled()).hydrate(...input)),
  }
}

export function scorerCalls<Q extends object, C extends object>({
  component,
  stalled,
}: CaseOfKind<Q, C, 'scorer'>): PatchCalls<Q, C> {
  return {
    writes: async () => (await component()).writes,
    call: async (...input) => (await component()).score(...input),
    callStalled: stalled && (async (...input) => (await stalled()).score(...input)),
  }
}

/** The checks of whatever answers one patch a candidate. */
export function patchChecks<Q extends object, C extends object>(
  contractCase: PatchCase<Q, C>,
  { writes, call, callStalled }: PatchCalls<Q, C>,
): readonly ContractCheck[] {
  const { query, candidates, nowMs, opaque } = contractCase
  const run = async (list: readonly C[]) => call(await query(), list, contractContext(nowMs))
  const runUnder = (start: Call<Q, C>) => async (signal: AbortSignal) =>
    start(await query(), await candidates(), contractContext(nowMs, signal))
  return [
    {
      title: 'answers one patch a candidate, in order',
      async check() {
        const list = await candidates()
        expect(list.length, 'candidates of the case').toBeGreaterThan(1)
        const patches = await run(list)
        expect(patches.length).toBe(list.length)
        expectClose(await run((await candidates()).toReversed()), patches.toReversed())
      },
    },
    {
      title: 'answers its declared keys only and changes each',
      async check() {
        const before = await candidates()
        const after = before.map((candidate) => ({ ...candidate }))
        const patches = await run(before)
        const keys = await writes()
        for (const patch of patches) {
          if (patch instanceof Error) continue
          expect(Object.keys(patch).toSorted()).toEqual(keys.map(String).toSorted())
        }
        applyPatches(after, patches, keys)
        const unchanged = keys.filter((key) => !isChanged(before, after, key))
        expect(unchanged, 'declared keys that the case does not change').toEqual([])
      },
    },
    {
      title: 'leaves its input alone and repeats itself',
      async check() {
        const frozenQuery = deepFreeze(await query(), opaque)
        const frozen = deepFreeze(await candidates())
        const first = await call(frozenQuery, frozen, contractContext(nowMs))
        expect(frozen).toEqual(await candidates())
        expect(without(frozenQuery, opaque)).toEqual(without(await query(), opaque))
        expect(await run(await candidates())).toEqual(first)
      },
    },
    {
      title: 'takes an empty list',
      async check() {
        expect(await run([])).toEqual([])
      },
    },
    ...bareChecks(contractCase, call),
    ...abortChecks(runUnder(call), callStalled && runUnder(callStalled)),
  ]
}

function bareChecks<Q extends object, C extends object>(
  { query, candidates, bareQuery, bareCandidates, nowMs }: PatchCase<Q, C>,
  call: Call<Q, C>,
): readonly ContractCheck[] {
  if (bareQuery === undefined && bareCandidates === undefined) return []
  return [
    {
      title: 'answers for what nobody hydrated',
      async check() {
        const list = await (bareCandidates ?? candidates)()
        const patches = await call(await (bareQuery ?? query)(), list, contractContext(nowMs))
        expect(patches.length).toBe(list.length)
      },
    },
  ]
}
