import { describe, expect, it } from 'vitest'
import type { SideEffectInput } from '../../../src/pipeline/framework/component.ts'
import { abortChecks } from './abort-contract.ts'
import { contractContext } from './contract-case.ts'
import type { CaseOfKind, ContractCase, ContractCheck } from './contract-case.ts'
import { deepFreeze, isChanged, without } from './contract-values.ts'
import { filterChecks, selectorChecks } from './list-contract.ts'
import { hydratorCalls, patchChecks, scorerCalls } from './patch-contract.ts'

/**
 * Runs one component through the contract that all share: length and order, declared keys only and
 * each of them changed by real input, frozen input, repeatability, abort, the empty list. State the
 * two types: they cannot be inferred from a case.
 */
export function runComponentContract<Q extends object, C extends object>(
  contractCase: ContractCase<Q, C>,
): void {
  describe(`contract of ${contractCase.name}`, () => {
    for (const { title, check } of contractChecks(contractCase)) it(title, check)
  })
}

/** The checks of a case, for a test of the suite itself. */
export function contractChecks<Q extends object, C extends object>(
  contractCase: ContractCase<Q, C>,
): readonly ContractCheck[] {
  const nameCheck: ContractCheck = {
    title: 'has its name',
    async check() {
      expect((await contractCase.component()).name).toBe(contractCase.name)
    },
  }
  return [nameCheck, ...checksOfKind(contractCase)]
}

function checksOfKind<Q extends object, C extends object>(
  contractCase: ContractCase<Q, C>,
): readonly ContractCheck[] {
  switch (contractCase.kind) {
    case 'query-hydrator':
      return queryHydratorChecks(contractCase)
    case 'source':
      return sourceChecks(contractCase)
    case 'hydrator':
      return patchChecks(contractCase, hydratorCalls(contractCase))
    case 'scorer':
      return patchChecks(contractCase, scorerCalls(contractCase))
    case 'filter':
      return filterChecks(contractCase)
    case 'selector':
      return selectorChecks(contractCase)
    case 'side-effect':
      return sideEffectChecks(contractCase)
  }
}

function queryHydratorChecks<Q extends object, C extends object>(
  contractCase: CaseOfKind<Q, C, 'query-hydrator'>,
): readonly ContractCheck[] {
  const { component, query, bareQuery, stalled, nowMs, opaque } = contractCase
  const run = async (signal?: AbortSignal) =>
    (await component()).hydrate(await query(), contractContext(nowMs, signal))
  return [
    {
      title: 'answers its declared keys only and changes each',
      async check() {
        const { writes } = await component()
        const patch = await run()
        expect(Object.keys(patch).toSorted()).toEqual(writes.map(String).toSorted())
        const before = await query()
        const unchanged = writes.filter(
          (key) => !isChanged([before], [{ ...before, ...patch }], key),
        )
        expect(unchanged, 'declared keys that the case does not change').toEqual([])
      },
    },
    {
      title: 'leaves its input alone and repeats itself',
      async check() {
        const frozen = deepFreeze(await query(), opaque)
        const first = await (await component()).hydrate(frozen, contractContext(nowMs))
        expect(without(frozen, opaque)).toEqual(without(await query(), opaque))
        expect(await run()).toEqual(first)
      },
    },
    ...bareChecks(bareQuery, async (bare) =>
      (await component()).hydrate(bare, contractContext(nowMs)),
    ),
    ...abortChecks(
      run,
      stalled &&
        (async (signal) =>
          (await stalled()).hydrate(await query(), contractContext(nowMs, signal))),
    ),
  ]
}

function sourceChecks<Q extends object, C extends object>(
  contractCase: CaseOfKind<Q, C, 'source'>,
): readonly ContractCheck[] {
  const { component, query, bareQuery, stalled, nowMs, opaque } = contractCase
  const run = async (signal?: AbortSignal) =>
    (await component()).fetch(await query(), contractContext(nowMs, signal))
  return [
    {
      title: 'brings candidates with its declared keys',
      async check() {
        const candidates = await run()
        expect(candidates.length).toBeGreaterThan(0)
        const keys = (await component()).writes ?? []
        const missing = keys.filter((key) => candidates.every((each) => each[key] == null))
        expect(missing, 'declared keys that no candidate has').toEqual([])
      },
    },
    {
      title: 'leaves its query alone, repeats itself, and makes its candidates afresh',
      async check() {
        const frozen = deepFreeze(await query(), opaque)
        const first = await (await component()).fetch(frozen, contractContext(nowMs))
        expect(without(frozen, opaque)).toEqual(without(await query(), opaque))
        const second = await run()
        expect(second).toEqual(first)
        expect(second.some((candidate) => first.includes(candidate))).toBe(false)
        expect(second.some((candidate) => Object.isFrozen(candidate))).toBe(false)
      },
    },
    ...bareChecks(bareQuery, async (bare) =>
      (await component()).fetch(bare, contractContext(nowMs)),
    ),
    ...abortChecks(
      run,
      stalled &&
        (async (signal) => (await stalled()).fetch(await query(), contractContext(nowMs, signal))),
    ),
  ]
}

function sideEffectChecks<Q extends object, C extends object>(
  contractCase: CaseOfKind<Q, C, 'side-effect'>,
): readonly ContractCheck[] {
  const { component, stalled, nowMs, opaque, effect } = contractCase
  const input = async (): Promise<SideEffectInput<Q, C>> => ({
    query: deepFreeze(await contractCase.query(), opaque),
    selected: deepFreeze(await contractCase.candidates()),
    nonSelected: [],
    removed: [],
  })
  const run = async (signal?: AbortSignal) =>
    (await component()).run(await input(), contractContext(nowMs, signal))
  return [
    {
      title: 'has its effect and leaves its input alone',
      async check() {
        const before = await effect()
        const given = await input()
        await (await component()).run(given, contractContext(nowMs))
        expect(await effect()).not.toEqual(before)
        expect(given.selected).toEqual(await contractCase.candidates())
      },
    },
    {
      title: 'takes an empty answer',
      async check() {
        const empty = { ...(await input()), selected: [] }
        await (await component()).run(empty, contractContext(nowMs))
      },
    },
    ...abortChecks(
      run,
      stalled &&
        (async (signal) => (await stalled()).run(await input(), contractContext(nowMs, signal))),
    ),
  ]
}

/** The query as it came in: the component answers, or fails as a component may, without hanging. */
function bareChecks<Q>(
  bareQuery: (() => Q | Promise<Q>) | undefined,
  run: (query: Q) => Promise<unknown>,
): readonly ContractCheck[] {
  if (bareQuery === undefined) return []
  return [
    {
      title: 'answers for a query that nobody filled',
      async check() {
        expect(await run(await bareQuery())).toBeDefined()
      },
    },
  ]
}
