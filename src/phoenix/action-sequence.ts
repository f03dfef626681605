import type { PostId, UserId } from '../ids.ts'

/** What a viewer did with one post within one burst: one history token of both models. */
export interface AggregatedAction {
  readonly postId: PostId
  readonly authorId: UserId
  /** Indexes of `ACTIONS` (discrete only), ascending, no duplicates, at least one. */
  readonly actionIndexes: readonly number[]
  /** Seconds the post was on screen; 0 = not known. */
  readonly dwellSeconds: number
  /** 0 home feed, 1 profile, 2 search, 3 post page, 4 notifications. */
  readonly surface: number
  readonly actedAtMs: number
  /** 0 = not known. */
  readonly postCreatedAtMs: number
}

/** Oldest first, the newest S. Empty for a new viewer: both models then see the user alone. */
export type ActionSequence = readonly AggregatedAction[]
