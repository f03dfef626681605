import type { Selection, Selector } from './component.ts'
import { ComponentError, toBreach, toMessage } from './component-error.ts'
import { isEnabled } from './is-enabled.ts'
import type { RequestRun } from './request-run.ts'

/** The selector stage of one request. */
export interface SelectorStage<Q, C> {
  readonly component: Selector<Q, C>
  readonly query: Readonly<Q>
  readonly candidates: readonly C[]
}

/**
 * Lets the selector order and cut. Switched off, everything is selected as it stands.
 *
 * @throws ComponentError when it throws, or when its two lists do not add up to what it got.
 */
export function runSelector<Q, C>(
  run: RequestRun,
  { component, query, candidates }: SelectorStage<Q, C>,
): Selection<C> {
  const row = run.open('selector', component, candidates.length)
  const where = { stage: 'selector', component: component.name } as const
  try {
    if (!isEnabled(component, query)) {
      row.disable()
      return { selected: candidates, nonSelected: [] }
    }
    const selection = component.select(query, candidates)
    const { selected, nonSelected } = selection
    const given = candidates.length
    if (!Array.isArray(selected) || !Array.isArray(nonSelected)) {
      throw toBreach('select() must answer two lists', selection)
    }
    if (selected.length + nonSelected.length !== given) {
      throw new ComponentError({
        ...where,
        code: 'length_mismatch',
        what: `answered ${selected.length} + ${nonSelected.length} of ${given} candidates`,
      })
    }
    row.close(null)
    row.out = selected.length
    return selection
  } catch (thrown) {
    const error =
      thrown instanceof ComponentError
        ? thrown
        : new ComponentError({
            ...where,
            code: 'failed',
            what: `failed: ${toMessage(thrown)}`,
            cause: thrown,
          })
    row.close(error)
    throw error
  }
}
