import type { PostId, UserId } from '../ids.ts'
import type { HomeFeedFilter } from '../pipeline/home-feed.query.ts'
import type { ParamOverrides } from '../pipeline/params/param-overrides.ts'
import type { Loaders } from '../store/loaders.ts'
import type { PickedEntry } from './cut-page.ts'
import type { SlateRanking } from './feed-session.ts'

/** One ask for a page. */
export interface PageRequest {
  readonly viewerId: UserId
  readonly filter: HomeFeedFilter
  /** 1 to 100. */
  readonly first: number
  readonly after: string | null
  readonly countryCode: string | null
  readonly languages: readonly string[]
  readonly alsoSeenPostIds: ReadonlySet<PostId>
  /** Asked by the client itself, not by a person: no visit. */
  readonly isBackground: boolean
  readonly loaders: Loaders
  /** Of an administrator, for the session that this request opens. */
  readonly overrides?: ParamOverrides
}

export type Continuity = 'NEW' | 'CONTINUED' | 'REBUILT_AFTER_EXPIRY'

export type PageEntry = PickedEntry & { readonly cursor: string }

/** One page, cut and counted as served. */
export interface FeedPage {
  readonly entries: readonly PageEntry[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  /** Where the next page goes on; differs from `after` even when the page is empty. */
  readonly endCursor: string
  readonly sessionId: string
  readonly continuity: Continuity
  readonly expiresAtMs: number
  /** Its degradation is that of the page: of the ranking and of the checks since. */
  readonly ranking: SlateRanking
}
