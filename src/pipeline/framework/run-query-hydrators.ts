import type { AnyQueryHydrator, Stage } from './component.ts'
import { kindOf } from './component-error.ts'
import { compileCopier } from './compile-copier.ts'
import type { RequestRun } from './request-run.ts'
import { runComponent } from './run-component.ts'
import type { Fault } from './run-component.ts'

/** One stage of query hydrators and the query to fill. */
export interface QueryStage<Q> {
  readonly stage: Stage
  readonly components: readonly AnyQueryHydrator<Q>[]
  readonly query: Q
}

/**
 * Runs all at once on the query as it is, then copies what each declared, in list order. A failed
 * one leaves its keys as they were.
 */
export async function runQueryHydrators<Q extends object>(
  run: RequestRun,
  { stage, components, query }: QueryStage<Q>,
): Promise<void> {
  const outcomes = await Promise.all(
    components.map((component) =>
      runComponent(run, {
        stage,
        component,
        query,
        candidateCount: 1,
        invoke: (context) => component.hydrate(query, context),
        findFault: findQueryFault,
      }),
    ),
  )
  components.forEach((component, index) => {
    const outcome = outcomes[index]
    if (outcome?.kind !== 'answered') return
    compileCopier<typeof query>(component.writes)(query, outcome.answer)
    outcome.row.out = 1
  })
}

function findQueryFault(answer: unknown): Fault | null {
  if (typeof answer === 'object' && answer !== null) return null
  return { code: 'failed', what: `must answer an object of its fields, got ${kindOf(answer)}` }
}
