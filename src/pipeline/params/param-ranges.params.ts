import { HOME_FEED_PARAMS } from '../home-feed.params.ts'
import { PARAM_DEFAULTS, type ParamName } from './param-names.ts'

/** What an override of a number may be, both ends included. */
export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

const DAY_MS = 86_400_000
const { slateSizeMin, slateSizeMax, budgetMs } = HOME_FEED_PARAMS.request

const SHARE: NumberRange = { min: 0, max: 1, whole: false }
/** Weights: a hundred times a large one would only say the same. */
const WEIGHT: NumberRange = { min: -1_000, max: 1_000, whole: false }
const TIMEOUT: NumberRange = { min: 1, max: 5_000, whole: true }

/** Where the rule of `rangeOf` would let through what breaks a component or the machine. */
const RANGES: Partial<Record<ParamName, NumberRange>> = {
  'request.budgetMs': { min: 1, max: budgetMs, whole: true },
  'request.slateSize': { min: slateSizeMin, max: slateSizeMax, whole: true },
  'selector.overSelectionFactor': { min: 1, max: 10, whole: false },
  'actionSequence.actionsMax': { min: 0, max: 1_024, whole: true },
  'thunder.postsMax': { min: 1, max: 2_400, whole: true },
  'retrieval.postsMax': { min: 1, max: 2_000, whole: true },
  'retrieval.postsPerAuthorMax': { min: 1, max: 2_000, whole: true },
  'slateDiversity.windowSize': { min: 1, max: slateSizeMax, whole: true },
  'slateDiversity.poolSize': { min: 1, max: 1_000, whole: true },
  'scoring.videoViewerFollowersMax': { min: 0, max: 1e9, whole: true },
}

/** Parameters that bound others, and are the same for everybody. */
const FIXED: Partial<Record<ParamName, string>> = {
  'request.slateSizeMin': 'it bounds request.slateSize',
  'request.slateSizeMax': 'it bounds request.slateSize',
}

/** Why no request may change it; null = one may. */
export function whyFixed(name: ParamName): string | null {
  return FIXED[name] ?? null
}

/**
 * The range of a number: its own, else by what it is. Times of the section `timeout` and weights
 * have one for all; durations end at 30 days; whole numbers at four times the default or 1,000;
 * shares and factors lie in [0, 1].
 */
export function rangeOf(name: ParamName, byDefault: number): NumberRange {
  const own = RANGES[name]
  if (own !== undefined) return own
  if (name.startsWith('timeout.')) return TIMEOUT
  if (/^(action|absentHead)Weights\./.test(name) || /Weight|Boost/.test(name)) return WEIGHT
  if (byDefault < 0) return WEIGHT
  // A half-life of 0 divides by it; what is 0 by default may be 0.
  if (/Ms(Max|Min)?$/.test(name))
    return { min: Math.min(1, byDefault), max: 30 * DAY_MS, whole: true }
  if (byDefault <= 1 && !/(Max|Min|Size|Count)$/.test(name)) return SHARE
  const whole = Number.isInteger(byDefault)
  return { min: 0, max: Math.max(1_000, 4 * byDefault), whole }
}

/** The range of every number that a request may change, by name. */
export function listRanges(): ReadonlyMap<ParamName, NumberRange> {
  const ranges = new Map<ParamName, NumberRange>()
  for (const [name, value] of PARAM_DEFAULTS) {
    if (typeof value === 'number' && whyFixed(name) === null) ranges.set(name, rangeOf(name, value))
  }
  return ranges
}
