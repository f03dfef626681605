import { ACTIONS } from '../gen/actions.ts'
import type { ActionName, SignalKind } from '../gen/actions.ts'
import type { PostCandidate, ScoreAdjustment } from './home-feed.candidate.ts'
import { createWeightedSum } from './scorers/weighted-sum.ts'
import type { SumParams } from './scorers/weighted-sum.ts'

/** `probability` of dwell_time is seconds. contribution = probability x weight. */
export interface ScoreTerm {
  readonly head: ActionName
  readonly action: SignalKind
  readonly probability: number
  readonly weight: number
  readonly contribution: number
}

/**
 * How a score came about: the contributions add up to the first adjustment's `before`, each
 * adjustment leads to the next, and the last one's `after` is `final`.
 */
export interface ScoreBreakdown {
  readonly final: number
  readonly terms: readonly ScoreTerm[]
  readonly adjustments: readonly ScoreAdjustment[]
}

type Scored = Pick<
  PostCandidate,
  | 'probabilities'
  | 'dwellSeconds'
  | 'videoWeightApplies'
  | 'replyWeightBoost'
  | 'weightedScore'
  | 'scoredBy'
  | 'coldStartScore'
  | 'diversityFactor'
  | 'outOfNetworkFactor'
>

/** The breakdown of a ranked candidate; null when nothing scored it. */
export function toScoreBreakdown(candidate: Scored, params?: SumParams): ScoreBreakdown | null {
  const { weightedScore, scoredBy, coldStartScore } = candidate
  if (weightedScore === undefined) return null
  const terms = scoredBy === 'phoenix' ? toTerms(candidate, params) : []
  const combined = terms.reduce((sum, { contribution }) => sum + contribution, 0)
  const base: ScoreAdjustment = {
    name: scoredBy === 'phoenix' ? 'offset' : 'fallback',
    factor: null,
    before: combined,
    after: weightedScore,
  }
  const lifts = coldStartScore === undefined ? [] : [lift(weightedScore, coldStartScore)]
  const started = coldStartScore ?? weightedScore
  const diverse = scale('author_diversity', started, candidate.diversityFactor)
  const network = scale('out_of_network', diverse.after, candidate.outOfNetworkFactor)
  return { final: network.after, terms, adjustments: [base, ...lifts, diverse, network] }
}

function lift(before: number, after: number): ScoreAdjustment {
  return { name: 'cold_start', factor: null, before, after }
}

function scale(name: string, before: number, factor = 1): ScoreAdjustment {
  return { name, factor, before, after: before * factor }
}

function toTerms(candidate: Scored, params: SumParams | undefined): readonly ScoreTerm[] {
  const { probabilities, dwellSeconds, videoWeightApplies, replyWeightBoost } = candidate
  if (probabilities === undefined) return []
  return createWeightedSum(params)
    .toTerms({
      probabilities,
      dwellSeconds: dwellSeconds ?? null,
      videoWeightApplies: videoWeightApplies ?? false,
      replyWeightBoost: replyWeightBoost ?? 0,
    })
    .map(({ head, value, weight, contribution }) => ({
      head,
      action: SIGNAL_KINDS[head],
      probability: value,
      weight,
      contribution,
    }))
}

const SIGNAL_KINDS = Object.fromEntries(
  ACTIONS.map(({ name, signalKind }) => [name, signalKind]),
) as Readonly<Record<ActionName, SignalKind>>
