import type { AnyFilter, Removed, Stage } from './component.ts'
import { ComponentError, toBreach, toMessage } from './component-error.ts'
import { isEnabled } from './is-enabled.ts'
import type { RequestRun } from './request-run.ts'

/** One stage of filters, the list to judge, and where the removed go, in filter order. */
export interface FilterStage<Q, C> {
  readonly stage: Stage
  readonly components: readonly AnyFilter<Q, C>[]
  readonly query: Readonly<Q>
  readonly candidates: readonly C[]
  readonly removed: Removed<C>[]
}

/**
 * Runs filters in list order, each on what the earlier ones kept, and returns what all keep, in
 * order. The list that comes in is not changed. One that throws counts as not run under
 * `fail-open`.
 *
 * @throws ComponentError when a `fail-closed` filter throws.
 */
export function runFilters<Q, C>(
  run: RequestRun,
  { stage, components, query, candidates, removed }: FilterStage<Q, C>,
): readonly C[] {
  let list = candidates
  for (const component of components) {
    const row = run.open(stage, component, list.length)
    const removedBefore = removed.length
    try {
      if (!isEnabled(component, query)) {
        row.disable()
        continue
      }
      const keep = component.keep(query, list, run.scope)
      list = partition({ stage, filter: component.name, candidates: list, removed }, keep)
      row.close(null)
    } catch (thrown) {
      const error = new ComponentError({
        stage,
        component: component.name,
        code: 'failed',
        what: `failed: ${toMessage(thrown)}`,
        cause: thrown,
      })
      row.close(error)
      removed.length = removedBefore
      if (component.failurePolicy === 'fail-closed') throw error
    }
    row.out = list.length
  }
  return list
}

interface Partition<C> {
  readonly stage: Stage
  readonly filter: string
  readonly candidates: readonly C[]
  readonly removed: Removed<C>[]
}

/**
 * The very list when all are kept, which most filters do. `keep` is unknown: a filter in plain
 * JavaScript, or one that lies, may answer anything.
 */
function partition<C>(
  { stage, filter, candidates, removed }: Partition<C>,
  keep: unknown,
): readonly C[] {
  if (typeof keep !== 'function') throw toBreach('keep() must answer a function', keep)
  let kept: C[] | null = null
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index]
    if (candidate === undefined) continue
    const verdict: unknown = keep(candidate, index)
    if (verdict === true) {
      kept?.push(candidate)
      continue
    }
    kept ??= candidates.slice(0, index)
    if (verdict === false) removed.push({ candidate, stage, filter, detail: null })
    else if (typeof verdict === 'string') {
      removed.push({ candidate, stage, filter, detail: verdict })
    } else throw toBreach('the predicate must answer a boolean or a string', verdict)
  }
  return kept ?? candidates
}
