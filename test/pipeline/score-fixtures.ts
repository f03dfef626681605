import { ACTIONS, DISCRETE_ACTION_COUNT } from '../../src/gen/actions.ts'
import type { ActionName } from '../../src/gen/actions.ts'
import type { Heads } from '../../src/pipeline/scorers/weighted-sum.ts'

/** A row of the model: these heads, all others missing. */
export function row(probabilities: Partial<Record<ActionName, number>>): Float32Array {
  const values = new Float32Array(DISCRETE_ACTION_COUNT).fill(Number.NaN)
  for (const { name, index, kind } of ACTIONS) {
    const probability = probabilities[name]
    if (kind === 'discrete' && probability !== undefined) values[index] = probability
  }
  return values
}

export function heads(
  probabilities: Partial<Record<ActionName, number>>,
  dwellSeconds?: number,
): Heads {
  return {
    probabilities: row(probabilities),
    dwellSeconds: dwellSeconds ?? null,
    videoWeightApplies: true,
    replyWeightBoost: 0,
  }
}
