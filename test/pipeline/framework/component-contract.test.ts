import { expect, it } from 'vitest'
import { contractChecks, runComponentContract as runContract } from './component-contract.ts'
import type { ContractCase } from './contract-case.ts'
import {
  filter,
  gate,
  hydrator,
  listSource,
  queryHydrator,
  scorer,
  sideEffect,
  tinyCandidate,
  tinyQuery,
  topSelector,
} from './tiny-pipeline.ts'
import type { TinyCandidate, TinyQuery } from './tiny-pipeline.ts'

type TinyCase = ContractCase<TinyQuery, TinyCandidate>
const runComponentContract = (contractCase: TinyCase) =>
  runContract<TinyQuery, TinyCandidate>(contractCase)
type HydratorCase = Extract<TinyCase, { kind: 'hydrator' }>

const query = () => tinyQuery({ follows: new Set(['a']) })
const candidates = () => [
  tinyCandidate('a', { text: 'one', score: 1 }),
  tinyCandidate('b', { text: 'three', score: 2 }),
]

const lengthHydrator = () =>
  hydrator({
    name: 'LengthHydrator',
    reads: ['text'],
    writes: ['length'],
    hydrate: async (_query, list) => list.map(({ text }) => ({ length: text?.length ?? null })),
  })
/** Never answers; ends when told to. */
const stalledHydrator = () =>
  hydrator({
    name: 'LengthHydrator',
    writes: ['length'],
    hydrate: (_query, _list, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      }),
  })
const good: HydratorCase = {
  kind: 'hydrator',
  name: 'LengthHydrator',
  component: lengthHydrator,
  stalled: stalledHydrator,
  query,
  candidates,
  bareQuery: tinyQuery,
  bareCandidates: () => [tinyCandidate('a')],
}

runComponentContract(good)
runComponentContract({
  kind: 'query-hydrator',
  name: 'LimitQueryHydrator',
  component: () =>
    queryHydrator({
      name: 'LimitQueryHydrator',
      reads: ['follows'],
      writes: ['limit'],
      hydrate: async ({ follows }) => ({ limit: follows?.size }),
    }),
  query,
  bareQuery: tinyQuery,
})
runComponentContract({
  kind: 'source',
  name: 'ListSource',
  component: () => listSource('ListSource', ['a', 'b']),
  query,
})
runComponentContract({
  kind: 'filter',
  name: 'LongFilter',
  component: () =>
    filter({
      name: 'LongFilter',
      reads: ['text'],
      keep: () => (candidate) => (candidate.text?.length ?? 0) < 4,
    }),
  query,
  candidates,
  bareCandidates: () => [tinyCandidate('a')],
})
runComponentContract({
  kind: 'scorer',
  name: 'IdScorer',
  component: () =>
    scorer({
      name: 'IdScorer',
      writes: ['score'],
      score: async (_query, list) => list.map(({ id }) => ({ score: id.charCodeAt(0) })),
    }),
  query,
  candidates,
})
runComponentContract({
  kind: 'selector',
  name: 'TopSelector',
  component: () => topSelector(1),
  query,
  candidates,
})
const served: string[] = []
runComponentContract({
  kind: 'side-effect',
  name: 'ServedSideEffect',
  component: () =>
    sideEffect({
      name: 'ServedSideEffect',
      run: async ({ selected }) => {
        served.push(...selected.map(({ id }) => id))
      },
    }),
  query,
  candidates,
  effect: () => [...served],
})

/** Titles of the checks that this case fails. */
async function failedChecks(contractCase: TinyCase): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { title, check } of contractChecks<TinyQuery, TinyCandidate>(contractCase)) {
    await check().catch(() => failed.push(title))
  }
  return failed
}

type Hydrate = ReturnType<typeof lengthHydrator>['hydrate']
const withHydrate = (hydrate: Hydrate): HydratorCase => ({
  ...good,
  component: () => ({ ...lengthHydrator(), hydrate }),
})

it('refuses patches of nulls and of what was there before', async () => {
  const changes = 'answers its declared keys only and changes each'
  expect(
    await failedChecks(withHydrate(async (_q, list) => list.map(() => ({ length: null })))),
  ).toEqual([changes])
  const unchanged = () => [tinyCandidate('a', { length: 7 }), tinyCandidate('b', { length: 7 })]
  expect(
    await failedChecks({
      ...withHydrate(async (_q, list) => list.map(() => ({ length: 7 }))),
      candidates: unchanged,
    }),
  ).toEqual([changes])
})

it('refuses a key that is not declared', async () => {
  const sneaky: Hydrate = async (_q, list) =>
    list.map(({ text }) => ({ length: text?.length ?? null, score: 9 }))
  expect(await failedChecks(withHydrate(sneaky))).toEqual([
    'answers its declared keys only and changes each',
  ])
})

it('refuses a lost patch, another order, a hidden write and a different answer', async () => {
  const ordered = 'answers one patch a candidate, in order'
  const alone = 'leaves its input alone and repeats itself'
  const real = lengthHydrator().hydrate
  expect(
    await failedChecks(withHydrate(async (...input) => (await real(...input)).slice(1))),
  ).toContain(ordered)
  expect(
    await failedChecks(
      withHydrate(async (_q, list) => list.map((_candidate, index) => ({ length: index + 1 }))),
    ),
  ).toEqual([ordered])
  let calls = 0
  expect(
    await failedChecks(
      withHydrate(async (_q, list) => {
        calls++
        return list.map(() => ({ length: calls }))
      }),
    ),
  ).toContain(alone)
  expect(
    await failedChecks(
      withHydrate(async (asked, list, context) => {
        Object.assign(list[0] ?? {}, { text: 'changed' })
        return real(asked, list, context)
      }),
    ),
  ).toContain(alone)
})

it('refuses a component that throws on an empty list or under another name', async () => {
  const real = lengthHydrator().hydrate
  const failed = await failedChecks({
    ...withHydrate(async (asked, list, context) => {
      if (list.length === 0) throw new Error('nothing to do')
      return real(asked, list, context)
    }),
    name: 'OtherHydrator',
  })
  expect(failed).toEqual(['has its name', 'takes an empty list'])
})

it('refuses a component that hangs when aborted', { timeout: 20_000 }, async () => {
  const { opened } = gate()
  const failed = await failedChecks({
    ...good,
    stalled: () => ({
      ...lengthHydrator(),
      hydrate: async () => {
        await opened
        return []
      },
    }),
  })
  expect(failed).toEqual(['ends when its dependency hangs'])
})

it('refuses a source that hands out the same objects twice', async () => {
  const shared = [tinyCandidate('a')]
  const failed = await failedChecks({
    kind: 'source',
    name: 'SharedSource',
    component: () => ({ name: 'SharedSource', fetch: async () => shared }),
    query,
  })
  expect(failed).toEqual([
    'leaves its query alone, repeats itself, and makes its candidates afresh',
  ])
})
