import type { PostId, UserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'
import type { ViewerRelations } from './records.ts'
import type { SeenHistory } from './seen/read-seen.ts'

/** Where a post was shown, as the training log names it. */
export type ServedSurface = 'home' | 'following' | 'search'
/** What brought a post: a followed author, retrieval, or chance. */
export type ServedSource = 'in_network' | 'retrieval' | 'explored'

/** One post of a page, with all that the training log asks of it later. */
export interface ServedPost {
  readonly postId: PostId
  /** What the ranker judged: the original of a repost, else the post itself. */
  readonly originalPostId: PostId
  /** Of the original. */
  readonly authorId: UserId
  readonly createdAtMs: number
  /** The ranking that brought it, and its clock. */
  readonly requestId: string
  readonly rankedAtMs: number
  readonly slatePosition: number
  readonly source: ServedSource
  /** The chance in (0, 1] that this post was shown here; 1 for a deterministic ranking. */
  readonly propensity: number
  /** Null = no model scored it. */
  readonly modelVersion: string | null
  readonly weightsVersion: string
}

export interface ServedRecord {
  readonly viewerId: UserId
  readonly servedAtMs: number
  /** When the visit began whose first page this is; null = a later page, or nobody's visit. */
  readonly requestedAtMs: number | null
  readonly surface: ServedSurface
  /** In page order. */
  readonly posts: readonly ServedPost[]
  /** `experiment:arm` each, for every ranking that the posts come from. Default none. */
  readonly arms?: readonly string[]
  /** What the page showed between them; default nothing. */
  readonly modules?: readonly ServedModule[]
}

/** A module of a page, for its fatigue. */
export interface ServedModule {
  /** `who-to-follow`, `prompt:welcome`. */
  readonly module: string
  /** Accounts that it suggested; of a prompt none. */
  readonly userIds: readonly UserId[]
}

export interface ServedAuthor {
  /** Of the original, for a repost. */
  readonly authorId: UserId
  readonly servedAtMs: number
}

/** How much of what was served to read. */
export interface ServedHistoryQuery {
  readonly postsSinceMs: number
  /** Own and original ids. */
  readonly postIdsMax: number
  readonly authorsSinceMs: number
  /** Posts, whose authors count. */
  readonly authorRowsMax: number
}

/** What was returned to a viewer lately, newest first. */
export interface ServedHistory {
  /** Own and original ids. */
  readonly postIds: readonly PostId[]
  /** One entry a post. */
  readonly authors: readonly ServedAuthor[]
  /** When the newest visits began, 10 at most. */
  readonly requestTimesMs: readonly number[]
}

/** What the database knows about one viewer. Each read is one statement; errors reject. */
export interface ViewerStore {
  /** Newest `actionsMax`, bursts of 5 minutes on one post merged, oldest first. */
  actionSequence(viewerId: UserId, actionsMax: number): Promise<ActionSequence>
  /** Accounts the viewer follows, newest follow first. */
  followedIds(viewerId: UserId): Promise<readonly UserId[]>
  /** Of `userIds`, those who follow the viewer. */
  followersAmong(viewerId: UserId, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>>
  relations(viewerId: UserId, nowMs: number): Promise<ViewerRelations>
  seen(viewerId: UserId, sinceMs: number): Promise<SeenHistory>
  /** Own and original ids of posts served since `sinceMs`, newest first, at most `idsMax`. */
  servedPostIds(viewerId: UserId, sinceMs: number, idsMax: number): Promise<readonly PostId[]>
  servedHistory(viewerId: UserId, query: ServedHistoryQuery): Promise<ServedHistory>
  recordServed(record: ServedRecord): Promise<void>
}
