import type { PostId, UserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'
import type { ViewerRelations } from './records.ts'

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
  readonly surface: ServedSurface
  /** In page order. */
  readonly posts: readonly ServedPost[]
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

/** What the database knows about one viewer. Each read is one statement; errors reject. */
export interface ViewerStore {
  /** Newest `actionsMax`, bursts of 5 minutes on one post merged, oldest first. */
  actionSequence(viewerId: UserId, actionsMax: number): Promise<ActionSequence>
  /** Accounts the viewer follows, newest follow first. */
  followedIds(viewerId: UserId): Promise<readonly UserId[]>
  /** Of `userIds`, those who follow the viewer. */
  followersAmong(viewerId: UserId, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>>
  relations(viewerId: UserId, nowMs: number): Promise<ViewerRelations>
  /** Posts with an impression since `sinceMs`, newest first, at most 10,000. */
  seenPostIds(viewerId: UserId, sinceMs: number): Promise<readonly PostId[]>
  /** Own and original ids of posts served since `sinceMs`, newest first, at most `idsMax`. */
  servedPostIds(viewerId: UserId, sinceMs: number, idsMax: number): Promise<readonly PostId[]>
  /** Whose posts were served since `sinceMs`, newest first, at most `rowsMax`: one entry a post. */
  servedAuthors(
    viewerId: UserId,
    sinceMs: number,
    rowsMax: number,
  ): Promise<readonly ServedAuthor[]>
  recordServed(record: ServedRecord): Promise<void>
}
