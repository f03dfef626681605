import type { PostId, UserId } from '../../../ids.ts'

/** How much risk of its surroundings an advertisement accepts; `ias` = judged by a third party. */
export type PromotionRisk = 'unknown' | 'low' | 'ias' | 'medium' | 'high'

/** Beside what a promoted post must not stand. */
export interface AdjacencyRules {
  readonly risk: PromotionRisk
  /** Accounts that may not be shown beside it. */
  readonly excludedUserIds: readonly UserId[]
  /** Words and phrases that may not stand beside it, cut into tokens like muted keywords. */
  readonly excludedKeywords: readonly string[]
}

/** What is known of a promoted post beside the post itself. */
export interface Promotion {
  /** Unique per delivery. */
  readonly impressionId: string
  /** Where its seller wants it, zero-based among posts; below 0 counts as 0. */
  readonly insertPosition: number
  /** Null = it may stand anywhere. */
  readonly adjacency: AdjacencyRules | null
}

export interface PromotedPost extends Promotion {
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
}

export interface PromotedPostsAsk {
  readonly viewerId: UserId
  readonly countryCode: string | null
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** A seller of places. It knows nothing of the slate, which is ranked at the same time. */
export interface PromotedPosts {
  /** In the order in which they should be placed. Rejects when it cannot say. */
  promotedPosts(ask: PromotedPostsAsk): Promise<readonly PromotedPost[]>
}
