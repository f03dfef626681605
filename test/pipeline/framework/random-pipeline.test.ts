import { expect, it } from 'vitest'
import { createCandidatePipeline } from '../../../src/pipeline/framework/candidate-pipeline.ts'
import type { Patches } from '../../../src/pipeline/framework/component.ts'
import {
  filter,
  hydrator,
  scorer,
  source,
  tinyCandidate,
  tinyConfig,
  tinyQuery,
  tinyRequest,
  topSelector,
} from './tiny-pipeline.ts'
import type { TinyCandidate } from './tiny-pipeline.ts'

const ROUNDS = 300
const BEHAVIOURS = ['works', 'throws', 'rejects', 'hangs', 'short', 'partial', 'off'] as const
type Behaviour = (typeof BEHAVIOURS)[number]

/** mulberry32: numbers in [0, 1) from a seed. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What the pipeline is to do; everything in it is decided before it runs. */
function drawPlan(seed: number) {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const behaviour = (): Behaviour =>
    BEHAVIOURS[random() < 0.5 ? 0 : below(BEHAVIOURS.length)] ?? 'off'
  const many = <T>(max: number, draw: (index: number) => T) =>
    Array.from({ length: below(max + 1) }, (_, index) => draw(index))
  return {
    sources: many(3, () => ({ behaviour: behaviour(), ids: many(12, () => below(20)) })),
    hydrator: behaviour(),
    filters: many(4, () => ({ behaviour: behaviour(), modulus: 2 + below(6) })),
    scorers: many(3, () => ({ behaviour: behaviour(), factor: 1 + below(18) })),
    selectorSize: below(12),
    postHydrator: behaviour(),
    hiddenModulus: 2 + below(4),
    size: below(10),
  }
}

type Plan = ReturnType<typeof drawPlan>

const numberOf = ({ id }: Pick<TinyCandidate, 'id'>) => Number(id)
const scoreOf = (candidate: Pick<TinyCandidate, 'id'>, factor: number) =>
  (numberOf(candidate) * factor) % 19
const isWorking = (behaviour: Behaviour) => behaviour === 'works' || behaviour === 'short'
/** Under `partial` every third id has an Error in place of its patch. */
const isPatched = (behaviour: Behaviour, candidate: Pick<TinyCandidate, 'id'>) =>
  behaviour === 'works' || (behaviour === 'partial' && numberOf(candidate) % 3 !== 0)

/** The parts of a component that make it behave so; `work` is what it does when it works. */
function acting<T>(behaviour: Behaviour, work: () => readonly T[]) {
  const run = (): Promise<readonly T[]> => {
    if (behaviour === 'throws') throw new Error('thrown')
    if (behaviour === 'rejects') return Promise.reject(new Error('rejected'))
    if (behaviour === 'hangs') return new Promise(() => undefined)
    return Promise.resolve(behaviour === 'short' ? [...work(), ...work(), ...work()] : work())
  }
  return {
    enable: () => behaviour !== 'off',
    ...(behaviour === 'hangs' ? { timeoutMs: 1 } : {}),
    run,
  }
}

function patch<C extends Pick<TinyCandidate, 'id'>, P>(
  behaviour: Behaviour,
  candidates: readonly C[],
  toPatch: (candidate: C) => P,
): Promise<Patches<P>> {
  const { run } = acting(behaviour, () =>
    candidates.map((candidate) =>
      behaviour === 'partial' && !isPatched(behaviour, candidate)
        ? new Error('no row')
        : toPatch(candidate),
    ),
  )
  return run()
}

function build(plan: Plan) {
  return createCandidatePipeline(
    tinyConfig({
      sources: plan.sources.map(({ behaviour, ids }, index) => {
        const name = `Source${index}`
        const { enable, run, ...limits } = acting(behaviour, () =>
          ids.map((id) => tinyCandidate(String(id), { sources: [name] })),
        )
        return source({ name, enable, ...limits, fetch: run })
      }),
      hydrators: [
        hydrator({
          name: 'TextHydrator',
          ...limitsOf(plan.hydrator),
          writes: ['text'],
          hydrate: (_q, list) => patch(plan.hydrator, list, ({ id }) => ({ text: `post ${id}` })),
        }),
      ],
      filters: plan.filters.map(({ behaviour, modulus }, index) =>
        filter({
          name: `Filter${index}`,
          enable: () => behaviour !== 'off',
          keep: () => (candidate) => {
            if (!isWorking(behaviour)) throw new Error('thrown')
            return numberOf(candidate) % modulus !== 0
          },
        }),
      ),
      scorers: plan.scorers.map(({ behaviour, factor }, index) =>
        scorer({
          name: `Scorer${index}`,
          ...limitsOf(behaviour),
          writes: ['score'],
          score: (_q, list) =>
            patch(behaviour, list, (candidate) => ({ score: scoreOf(candidate, factor) })),
        }),
      ),
      selector: topSelector(plan.selectorSize),
      postSelectionHydrators: [
        hydrator({
          name: 'VisibleHydrator',
          ...limitsOf(plan.postHydrator),
          writes: ['visible'],
          hydrate: (_q, list) =>
            patch(plan.postHydrator, list, (candidate) => ({
              visible: numberOf(candidate) % plan.hiddenModulus !== 0,
            })),
        }),
      ],
      postSelectionFilters: [
        filter({
          name: 'VisibleFilter',
          reads: ['visible'],
          keep:
            () =>
            ({ visible }) =>
              visible === true,
        }),
      ],
    }),
  )
}

function limitsOf(behaviour: Behaviour) {
  const { enable, run: _run, ...limits } = acting(behaviour, () => [])
  return { enable, ...limits }
}

/** The same in plain words: no stages, no runner. */
function expectedOf(plan: Plan) {
  const brought = plan.sources.flatMap(({ behaviour, ids }) => {
    const works = isWorking(behaviour) || behaviour === 'partial'
    return works ? ids : []
  })
  const score = (id: string) =>
    plan.scorers.reduce(
      (before, { behaviour, factor }) =>
        isPatched(behaviour, { id }) ? scoreOf({ id }, factor) : before,
      0,
    )
  const ranked = [...new Set(brought)]
    .filter((id) =>
      plan.filters.every(({ behaviour, modulus }) => !isWorking(behaviour) || id % modulus !== 0),
    )
    .map(String)
    .toSorted((a, b) => score(b) - score(a))
  const isVisible = (id: string) =>
    isPatched(plan.postHydrator, { id }) && Number(id) % plan.hiddenModulus !== 0
  return {
    retrieved: new Set(brought).size,
    selected: ranked.filter(isVisible).slice(0, plan.size),
    text: (id: string) => (isPatched(plan.hydrator, { id }) ? `post ${id}` : undefined),
  }
}

it(`behaves like its plain description, whatever fails (${ROUNDS} pipelines)`, async () => {
  const first = Math.floor(Math.random() * 2 ** 31)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = first + round
    const plan = drawPlan(seed)
    const expected = expectedOf(plan)
    const query = tinyQuery({ size: plan.size })
    const result = await build(plan).execute(query, tinyRequest())
    const where = `seed ${seed}`
    const { selected, nonSelected, removed } = result
    expect(
      selected.map(({ id }) => id),
      where,
    ).toEqual(expected.selected)
    for (const { id, text } of selected) expect(text, where).toBe(expected.text(id))
    expect(result.retrievedCount, where).toBe(expected.retrieved)
    const everywhere = [...selected, ...nonSelected, ...removed.map(({ candidate }) => candidate)]
    expect(everywhere.length, where).toBe(expected.retrieved)
    expect(new Set(everywhere.map(({ id }) => id)).size, where).toBe(expected.retrieved)
    const broken = result.components.filter(({ error }) => error !== null)
    expect(new Set(broken.map(({ component }) => component)), where).toEqual(
      new Set(
        result.degraded.flatMap(({ code, component }) => (code === 'partial' ? [] : [component])),
      ),
    )
  }
})
