import { FeedError } from '../errors.ts'
import type { UserId } from '../ids.ts'
import type { RankedFeed } from '../pipeline/home-feed.ts'
import type { RequestSettings } from '../pipeline/params/feed-settings.ts'
import { NO_OVERRIDES, spellOverrides } from '../pipeline/params/param-overrides.ts'
import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'
import type { FeedSession, SlateRanking } from './feed-session.ts'

/** A viewer was ranked for in these arms. */
export interface Exposure {
  readonly viewerId: UserId
  readonly requestId: string
  /** `experiment:arm` each, at least one. */
  readonly arms: readonly string[]
}

/** The arms that a ranking counts for: what somebody changed by hand counts for none. */
export function exposedArmsOf({ arms, overrides }: RequestSettings): readonly string[] {
  return overrides === '' ? arms : []
}

/**
 * A client may repeat the overrides of its session, which holds them anyway.
 *
 * @throws {FeedError} BAD_USER_INPUT for others.
 */
export function refuseOtherOverrides(
  overrides: ParamOverrides = NO_OVERRIDES,
  { settings }: Pick<FeedSession, 'settings'>,
): void {
  const given = spellOverrides(overrides)
  if (given === '' || given === settings.overrides) return
  throw new FeedError(
    'BAD_USER_INPUT',
    'The session of `after` is ranked with the parameters that opened it: repeat those, give ' +
      'none, or leave `after` out to open a session with others.',
    { field: 'context.parameters' },
  )
}

/** How a fresh slate came about, as its session keeps it. */
export function toRanking(
  slate: RankedFeed,
  rankedAtMs: number,
  { arms, params }: RequestSettings,
): SlateRanking {
  return {
    requestId: slate.requestId,
    rankedAtMs,
    modelVersion: slate.modelVersion,
    weightsVersion: slate.weightsVersion,
    arms,
    params,
    degradation: slate.degradation,
    degradedDependencies: slate.degradedDependencies,
  }
}
