/** Runs the rows of a pipeline's own table without its runner: all in order, or one alone. */
import type {
  AnyFilter,
  AnyHydrator,
  AnyQueryHydrator,
  AnyScorer,
  Selector,
  SideEffect,
  Source,
  Stage,
  StageContext,
} from '../../src/pipeline/framework/component.ts'
import { isEnabled } from '../../src/pipeline/framework/is-enabled.ts'
import { foldCopies, mergeCandidates } from '../../src/pipeline/framework/merge.ts'
import { compileCopier } from '../../src/pipeline/framework/compile-copier.ts'
import { applyPatches } from '../../src/pipeline/framework/patches.ts'
import type { ListedComponent } from '../../src/pipeline/framework/pipeline-config.ts'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { NOW_MS, stageContext } from '../pipeline/home-feed-fixtures.ts'

type Q = HomeFeedQuery
type C = PostCandidate

/** One row as it was called, to be called again. */
export interface RowCall {
  readonly stage: Stage
  readonly component: string
  /** Candidates that it got. */
  readonly in: number
  /** Calls the row alone, with these batch readers. */
  again(loaders: Q['loaders']): Promise<void>
}

/** The answer, and what each enabled row did. */
export interface Replay {
  readonly selected: readonly C[]
  readonly calls: readonly RowCall[]
}

interface State {
  readonly query: Q
  candidates: readonly C[]
  readonly calls: RowCall[]
  /** Copies of the candidates for `again`; false: the fastest way to the answer. */
  readonly keepsCalls: boolean
}

const FOREVER = { deadlineMs: NOW_MS + 1e9 }
const context: StageContext = stageContext(FOREVER).context

/** The whole pipeline as plain loops: no limits, no reports, no checks, no failure caught. */
export async function replay(
  { stages }: Pick<HomeFeedPipeline, 'stages'>,
  ask: Q,
  { keepsCalls }: { readonly keepsCalls: boolean },
): Promise<Replay> {
  const query = { ...ask, deadlineMs: 1e15 }
  const state: State = { query, candidates: [], calls: [], keepsCalls }
  const lists: (readonly C[])[] = []
  for (const { stage, components } of stages) {
    if (stage === 'side-effect') state.candidates = state.candidates.slice(0, ask.slateSize)
    for (const component of components) {
      if (!isEnabled(component, state.query)) continue
      await runRow(stage, component, { state, lists })
    }
    if (stage === 'source') {
      const idOf = ({ id }: C) => id
      state.candidates = mergeCandidates(lists, { idOf, fold: foldCopies('sources') })
    }
  }
  return { selected: state.candidates, calls: state.calls }
}

interface Row {
  readonly state: State
  readonly lists: (readonly C[])[]
}

async function runRow(
  stage: Stage,
  component: ListedComponent<Q>,
  { state, lists }: Row,
): Promise<void> {
  const { query } = state
  const candidates = state.candidates
  const call = toCall(stage, component)
  if (state.keepsCalls) {
    const [asked, given] = [{ ...query }, candidates.map((each) => ({ ...each }))]
    state.calls.push({
      stage,
      component: component.name,
      in: given.length,
      again: async (loaders) => void (await call({ ...asked, loaders }, given)),
    })
  }
  const answer = await call(query, candidates)
  switch (stage) {
    case 'query-hydrator':
    case 'dependent-query-hydrator':
      compileCopier<Q>((component.writes ?? []) as never)(query, answer as Partial<Q>)
      break
    case 'source':
      lists.push(answer as readonly C[])
      break
    case 'hydrator':
    case 'scorer':
    case 'post-selection-hydrator':
      applyPatches(candidates, answer as Partial<C>[], (component.writes ?? []) as never)
      break
    case 'filter':
    case 'post-selection-filter':
    case 'selector':
      state.candidates = answer as readonly C[]
      break
    case 'side-effect':
  }
}

/** The row's one method behind one signature. */
function toCall(stage: Stage, component: unknown): (query: Q, candidates: readonly C[]) => unknown {
  switch (stage) {
    case 'query-hydrator':
    case 'dependent-query-hydrator':
      return (query) => (component as AnyQueryHydrator<Q>).hydrate(query, context)
    case 'source':
      return (query) => (component as Source<Q, C>).fetch(query, context)
    case 'hydrator':
    case 'post-selection-hydrator':
      return (query, list) => (component as AnyHydrator<Q, C>).hydrate(query, list, context)
    case 'filter':
    case 'post-selection-filter':
      return (query, list) => {
        const keep = (component as AnyFilter<Q, C>).keep(query, list, context)
        return list.filter((candidate, index) => keep(candidate, index) === true)
      }
    case 'scorer':
      return (query, list) => (component as AnyScorer<Q, C>).score(query, list, context)
    case 'selector':
      return (query, list) => (component as Selector<Q, C>).select(query, list).selected
    case 'side-effect':
      return (query, list) =>
        (component as SideEffect<Q, C>).run(
          { query, selected: list, nonSelected: [], removed: [] },
          context,
        )
  }
}
