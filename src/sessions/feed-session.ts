import type { HomeFeedFilter } from '../pipeline/home-feed.query.ts'
import type { PostId, UserId } from '../ids.ts'
import type { FeedModule } from '../pipeline/blending/feed-item.ts'
import type { HomeFeedParams } from '../pipeline/home-feed.params.ts'
import type { RequestSettings } from '../pipeline/params/feed-settings.ts'
import type { PostCandidate, VisibilityVerdict } from '../pipeline/home-feed.candidate.ts'
import type { Degradation } from '../pipeline/degradation.ts'

/** One ranked post of a session. Its place never changes once it has one. */
export interface SlateEntry {
  readonly kind: 'post'
  /** Identity and scores; no facts, which would be stale. */
  readonly candidate: PostCandidate
  /** Of the ranking; good for a page of the same request only. */
  readonly verdict: VisibilityVerdict | undefined
  readonly originalPostId: PostId
  /** Of the original: what the ranker judged. */
  readonly originalAuthorId: UserId
  readonly originalCreatedAtMs: number
  /** The ranking that brought it. */
  readonly requestId: string
  readonly rankedAtMs: number
  readonly weightsVersion: string
  /** What its score was made with; one object for all entries of a session. */
  readonly params: HomeFeedParams
}

/** What stands between two posts of a session. It takes a place like a post, and is none. */
export interface ModuleEntry {
  readonly kind: 'module'
  readonly module: FeedModule
  /** The ranking that it came with. */
  readonly requestId: string
}

export type SessionEntry = SlateEntry | ModuleEntry

/** How the newest part of a slate came about. */
export interface SlateRanking {
  readonly requestId: string
  readonly rankedAtMs: number
  readonly modelVersion: string | null
  readonly weightsVersion: string
  /** `experiment:arm` each. */
  readonly arms: readonly string[]
  readonly params: HomeFeedParams
  readonly degradation: readonly Degradation[]
  readonly degradedDependencies: readonly string[]
}

/** One scroll of one viewer: a list that only grows at its end. */
export interface FeedSession {
  readonly id: string
  readonly viewerId: UserId
  readonly filter: HomeFeedFilter
  readonly startedAtMs: number
  /** Fixed when it was opened: every later page is ranked with them. */
  readonly settings: RequestSettings
  /** Of `entries[0]`: 0, or where a rebuilt session goes on. */
  readonly firstPosition: number
  /** What an earlier life of this session served. */
  readonly servedBefore: ReadonlySet<PostId>
  readonly entries: SessionEntry[]
  /** Positions below this were returned, or passed over for good. */
  committedPosition: number
  /** Of the newest write of served posts: two of one millisecond would collide. */
  lastServedAtMs: number
  /** The sources have nothing beyond `entries`. */
  exhausted: boolean
  ranking: SlateRanking
  /** A ranking under way that will lengthen `entries`. */
  extending: Promise<void> | null
}

/** Everything that this session holds or held, under own and original ids. */
export function excludedPostIdsOf(session: FeedSession): ReadonlySet<PostId> {
  const ids = new Set(session.servedBefore)
  for (const entry of session.entries) {
    if (entry.kind === 'module') continue
    ids.add(entry.candidate.id)
    ids.add(entry.originalPostId)
  }
  return ids
}
