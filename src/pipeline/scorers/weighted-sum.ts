import { ACTIONS, DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { ActionName } from '../../gen/actions.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from '../home-feed.params.ts'

/** What makes one number of a model's heads. */
export type SumParams = Pick<HomeFeedParams, 'actionWeights' | 'absentHeadWeights' | 'scoring'>

/** What the model said about one post. */
export interface Heads {
  /** [18], NaN = no such head. */
  readonly probabilities: Float32Array
  /** Null = no such head. */
  readonly dwellSeconds: number | null
  readonly videoWeightApplies: boolean
  /** Added to the weight of a reply. */
  readonly replyWeightBoost: number
}

/** One addend of the weighted sum. `value` is a probability, or seconds for dwell_time. */
export interface WeightedTerm {
  readonly head: ActionName
  readonly weight: number
  readonly value: number
  readonly contribution: number
}

export interface WeightedSum {
  /** C = sum of weight x value; a head that the model lacks adds 0. */
  combine(heads: Heads): number
  /** The addends of C, in vocabulary order, heads that the model lacks left out. */
  toTerms(heads: Heads): readonly WeightedTerm[]
  /**
   * Squeezes negative totals under epsilon, so that no score is below 0 for heads in [0, 1]:
   * C < 0: (C + N) / (P + N) x epsilon, else C + epsilon; P + N = 0: max(C, 0). P and N are the
   * sums of the positive and of the negated negative weights of probabilities, boosts aside.
   */
  offset(combined: number): number
}

/** The weighted sum of these weights. Source: spec/scoring.md 3. */
export function createWeightedSum({
  actionWeights: weights,
  absentHeadWeights,
  scoring,
}: SumParams = HOME_FEED_PARAMS): WeightedSum {
  const discrete = ACTIONS.filter(({ kind }) => kind === 'discrete')
  const byIndex = Float64Array.from(discrete, ({ name }) => weights[name])
  const sums = sumWeights([
    ...discrete.map(({ name }) => weights[name]),
    ...Object.values(absentHeadWeights),
  ])
  const total = sums.positive + sums.negative
  const epsilon = scoring.negativeScoresOffset
  return {
    combine({ probabilities, dwellSeconds, videoWeightApplies, replyWeightBoost }) {
      const reply = probabilities[REPLY_INDEX] ?? Number.NaN
      let combined = Number.isNaN(reply) ? 0 : replyWeightBoost * reply
      for (let index = 0; index < DISCRETE_ACTION_COUNT; index++) {
        const probability = probabilities[index]
        if (probability === undefined || Number.isNaN(probability)) continue
        if (index === VIDEO_INDEX && !videoWeightApplies) continue
        combined += (byIndex[index] ?? 0) * probability
      }
      return combined + weights.dwell_time * (dwellSeconds ?? 0)
    },
    toTerms: (heads) => ACTIONS.flatMap((action) => toTerm(action, weights, heads)),
    offset(combined) {
      if (total === 0) return Math.max(combined, 0)
      if (combined < 0) return ((combined + sums.negative) / total) * epsilon
      return combined + epsilon
    },
  }
}

const VIDEO_INDEX: number = ACTIONS.findIndex(({ name }) => name === 'video_quality_view')
const REPLY_INDEX: number = ACTIONS.findIndex(({ name }) => name === 'reply')

function toTerm(
  { name, index, kind }: (typeof ACTIONS)[number],
  weights: SumParams['actionWeights'],
  heads: Heads,
): readonly WeightedTerm[] {
  const value = kind === 'continuous' ? heads.dwellSeconds : heads.probabilities[index]
  if (value == null || Number.isNaN(value)) return []
  const boost = index === REPLY_INDEX ? heads.replyWeightBoost : 0
  const weight = index === VIDEO_INDEX && !heads.videoWeightApplies ? 0 : weights[name] + boost
  return [{ head: name, weight, value, contribution: weight * value }]
}

function sumWeights(weights: readonly number[]): { positive: number; negative: number } {
  let [positive, negative] = [0, 0]
  for (const weight of weights) {
    if (weight > 0) positive += weight
    else negative -= weight
  }
  return { positive, negative }
}
