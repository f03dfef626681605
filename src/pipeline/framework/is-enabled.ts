import type { Component } from './component.ts'
import { toBreach } from './component-error.ts'

/**
 * Whether the component runs for this query.
 *
 * @throws what `enable` throws, and TypeError when it does not answer a boolean.
 */
export function isEnabled<Q>(component: Component<Q>, query: Readonly<Q>): boolean {
  if (component.enable === undefined) return true
  const answer: unknown = component.enable(query)
  if (typeof answer !== 'boolean') throw toBreach('enable() must answer a boolean', answer)
  return answer
}
