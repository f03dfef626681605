import type {
  AnyHydrator,
  AnyScorer,
  Component,
  Patches,
  Stage,
  StageContext,
} from './component.ts'
import { kindOf } from './component-error.ts'
import { applyPatches } from './patches.ts'
import type { RequestRun } from './request-run.ts'
import { runComponent } from './run-component.ts'
import type { Fault, Outcome } from './run-component.ts'

/** What the components of a stage work on. */
export interface CandidateStage<Q, C, P> {
  readonly stage: Stage
  readonly components: readonly P[]
  readonly query: Readonly<Q>
  readonly candidates: readonly C[]
}

/**
 * Runs all at once on the candidates as they are, then applies the patches in list order. A failed
 * one leaves the candidates as they were. True when one failed whose failure is not `fail-open`.
 */
export async function runHydrators<Q, C extends object>(
  run: RequestRun,
  { stage, components, query, candidates }: CandidateStage<Q, C, AnyHydrator<Q, C>>,
): Promise<boolean> {
  const outcomes = await Promise.all(
    components.map((component) =>
      runPatching(run, {
        stage,
        component,
        query,
        candidates,
        invoke: (context) => component.hydrate(query, candidates, context),
      }),
    ),
  )
  let missed = false
  components.forEach((component, index) => {
    const outcome = outcomes[index]
    if (outcome?.kind === 'answered') applyAnswer(candidates, component.writes, outcome)
    else if (
      outcome?.kind === 'failed' &&
      (component.failurePolicy ?? 'fail-open') !== 'fail-open'
    ) {
      missed = true
    }
  })
  return missed
}

/**
 * Runs one after the other; each sees what the earlier ones wrote. A failed one leaves the
 * candidates as they were and the next still runs.
 */
export async function runScorers<Q, C extends object>(
  run: RequestRun,
  { stage, components, query, candidates }: CandidateStage<Q, C, AnyScorer<Q, C>>,
): Promise<void> {
  for (const component of components) {
    const outcome = await runPatching(run, {
      stage,
      component,
      query,
      candidates,
      invoke: (context) => component.score(query, candidates, context),
    })
    if (outcome.kind === 'answered') applyAnswer(candidates, component.writes, outcome)
    run.scope.signal.throwIfAborted()
  }
}

interface PatchingCall<Q, C> {
  readonly stage: Stage
  readonly component: Component<Q>
  readonly query: Readonly<Q>
  readonly candidates: readonly C[]
  invoke(context: StageContext): Promise<Patches<Readonly<Partial<C>>>>
}

function runPatching<Q, C>(
  run: RequestRun,
  { stage, component, query, candidates, invoke }: PatchingCall<Q, C>,
): Promise<Outcome<Patches<Readonly<Partial<C>>>>> {
  const expected = candidates.length
  return runComponent(run, {
    stage,
    component,
    query,
    candidateCount: expected,
    invoke,
    findFault: (answer) => findPatchesFault(answer, expected),
  })
}

function findPatchesFault(answer: unknown, expected: number): Fault | null {
  if (!Array.isArray(answer)) {
    return { code: 'failed', what: `must answer a list of patches, got ${kindOf(answer)}` }
  }
  if (answer.length === expected) return null
  return {
    code: 'length_mismatch',
    what: `answered ${answer.length} patches for ${expected} candidates`,
  }
}

function applyAnswer<C extends object>(
  candidates: readonly C[],
  keys: readonly (keyof C)[],
  { answer, row }: Extract<Outcome<Patches<Readonly<Partial<C>>>>, { kind: 'answered' }>,
): void {
  const { applied, firstError } = applyPatches(candidates, answer, keys)
  row.out = applied
  if (firstError !== null) row.notePartial(firstError)
}
