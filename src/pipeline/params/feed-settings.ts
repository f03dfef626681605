import { createHash } from 'node:crypto'
import { WEIGHTS_VERSION } from '../action-weights.params.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from '../home-feed.params.ts'
import { NO_OVERRIDES, spellOverrides, type ParamOverrides } from './param-overrides.ts'
import { listParams, withParams, type ParamName, type ParamValue } from './param-names.ts'

/** What a pipeline is built of. Equal digests are equal sets. */
export interface FeedSettings {
  readonly params: HomeFeedParams
  /** Rows of the pipeline that do not run. */
  readonly switchedOff: ReadonlySet<string>
  /** SHA-256 of every value and switch, hex. */
  readonly digest: string
  /** The published name, or one of its own when a score is made in another way. */
  readonly weightsVersion: string
}

/** The settings of one session, and where they come from. */
export interface RequestSettings extends FeedSettings {
  /** `experiment:arm` each, sorted: what the viewer was assigned to. */
  readonly arms: readonly string[]
  /** The request's own overrides in one spelling; empty = none. */
  readonly overrides: string
}

/** Sections that make a score of the model's answer. */
const SCORE_SECTIONS = [
  'actionWeights',
  'absentHeadWeights',
  'scoring',
  'mutualFollow',
] as const satisfies readonly (keyof HomeFeedParams)[]

const VERSION_DIGITS = 8

/** The defaults under these overrides; the later of two wins. */
export function createFeedSettings(...layers: readonly ParamOverrides[]): FeedSettings {
  const values = new Map<ParamName, ParamValue>(layers.flatMap((layer) => [...layer.values]))
  const switches = new Map(layers.flatMap((layer) => [...layer.switches]))
  const params = values.size === 0 ? HOME_FEED_PARAMS : withParams(values)
  const off = [...switches].filter(([, isOn]) => !isOn).map(([row]) => row)
  const digest = digestOf(params, off)
  const isPublished = SCORE_SECTIONS.every(
    (section) => JSON.stringify(params[section]) === JSON.stringify(HOME_FEED_PARAMS[section]),
  )
  return {
    params,
    switchedOff: new Set(off),
    digest,
    weightsVersion: isPublished
      ? WEIGHTS_VERSION
      : `${WEIGHTS_VERSION}+${digest.slice(0, VERSION_DIGITS)}`,
  }
}

function digestOf(params: HomeFeedParams, off: readonly string[]): string {
  const text = spellOverrides({
    values: listParams(params),
    switches: new Map(off.map((row) => [row, false])),
  })
  return createHash('sha256').update(text).digest('hex')
}

/** Nobody changed anything. */
export const DEFAULT_SETTINGS: RequestSettings = {
  ...createFeedSettings(NO_OVERRIDES),
  arms: [],
  overrides: '',
}
