import type { UserId } from '../../ids.ts'
import type { ViewerRelations } from '../../store/records.ts'
import { AGE_GATE_PARAMS } from '../process.params.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import type { AuthorLists } from './author-lists.ts'

/** All that a rule may know of the viewer. */
export interface ViewerFacts extends Omit<ViewerRelations, 'followedTopicIds'> {
  readonly viewerId: UserId
  /** Empty when it could not be loaded: what needs a follow is then not shown. */
  readonly followedIds: ReadonlySet<UserId>
  /** Of the request, lower case; null when the client did not say. */
  readonly countryCode: string | null
  readonly nowMs: number
  readonly authorLists: AuthorLists
}

/** Null while any of the lists is not known: then nothing can be judged. */
export function toViewerFacts(
  query: Readonly<HomeFeedQuery>,
  { nowMs, authorLists }: Pick<ViewerFacts, 'nowMs' | 'authorLists'>,
): ViewerFacts | null {
  const { blockedIds, blockedByIds, mutedIds, mutedRepostIds, mutedKeywords } = query
  const { subscribedIds, viewerAccount } = query
  if (
    blockedIds === undefined ||
    blockedByIds === undefined ||
    mutedIds === undefined ||
    mutedRepostIds === undefined ||
    mutedKeywords === undefined ||
    subscribedIds === undefined ||
    viewerAccount === undefined
  ) {
    return null
  }
  return {
    viewerId: query.viewerId,
    followedIds: query.followedIds ?? new Set(),
    countryCode: query.countryCode,
    nowMs,
    authorLists,
    blockedIds,
    blockedByIds,
    mutedIds,
    mutedRepostIds,
    mutedKeywords,
    subscribedIds,
    account: viewerAccount,
  }
}

/**
 * Whether adult content is kept from the viewer for age: a stated year of birth that makes them
 * too young this calendar year, or none in a country that asks for one. The account's country
 * counts before the request's.
 */
export function isAgeGated({ account, countryCode, nowMs }: ViewerFacts): boolean {
  const { ageYearsMin, gatingCountries } = AGE_GATE_PARAMS
  if (account?.birthYear != null) {
    return new Date(nowMs).getUTCFullYear() - account.birthYear < ageYearsMin
  }
  const country = (account?.country ?? countryCode)?.toLowerCase()
  return gatingCountries.some((gating) => gating === country)
}
