import type { Source } from './component.ts'
import { kindOf } from './component-error.ts'
import { mergeCandidates } from './merge.ts'
import type { MergeRules } from './merge.ts'
import type { RequestRun } from './request-run.ts'
import { runComponent } from './run-component.ts'
import type { Fault } from './run-component.ts'

/** The source stage of one request. */
export interface SourceStage<Q, C> {
  readonly components: readonly Source<Q, C>[]
  readonly merge: MergeRules<C>
  readonly query: Readonly<Q>
}

/** Runs all at once and merges their lists in list order. A failed one brings nothing. */
export async function runSources<Q, C>(
  run: RequestRun,
  { components, merge, query }: SourceStage<Q, C>,
): Promise<readonly C[]> {
  const outcomes = await Promise.all(
    components.map((component) =>
      runComponent(run, {
        stage: 'source',
        component,
        query,
        candidateCount: 0,
        invoke: (context) => component.fetch(query, context),
        findFault: findListFault,
      }),
    ),
  )
  const lists: (readonly C[])[] = []
  for (const outcome of outcomes) {
    if (outcome.kind !== 'answered') continue
    outcome.row.out = outcome.answer.length
    lists.push(outcome.answer)
  }
  return mergeCandidates(lists, merge)
}

function findListFault(answer: unknown): Fault | null {
  if (!Array.isArray(answer)) {
    return { code: 'failed', what: `must answer a list of candidates, got ${kindOf(answer)}` }
  }
  for (let index = 0; index < answer.length; index++) {
    const candidate: unknown = answer[index]
    if (typeof candidate !== 'object' || candidate === null) {
      return {
        code: 'failed',
        what: `candidate ${index} must be an object, got ${kindOf(candidate)}`,
      }
    }
  }
  return null
}
