import type { PostId, UserId } from '../../ids.ts'

/** What the log's lines are; a reader refuses others. */
export const REQUEST_LOG_VERSION = 1

/** One ranking, with what is needed to explain it, to rank it again, and to learn from it. */
export interface LoggedRequest {
  readonly version: typeof REQUEST_LOG_VERSION
  readonly requestId: string
  readonly viewerId: UserId
  /** The clock that ages and windows went by, epoch ms. */
  readonly rankedAtMs: number
  readonly settings: LoggedSettings
  /** Null = the model scored nothing. */
  readonly modelVersion: string | null
  readonly asked: LoggedQuery
  /** The slate in its order, then the best of the rest. */
  readonly candidates: readonly LoggedCandidate[]
  /** Ranked posts after those, which are not written. */
  readonly leftOut: number
  /** By filters in run order. */
  readonly removed: readonly LoggedRemoval[]
}

/** Of what the pipeline was built. */
export interface LoggedSettings {
  /** SHA-256 of the parameters. */
  readonly digest: string
  readonly weightsVersion: string
  /** `experiment:arm` each. */
  readonly arms: readonly string[]
}

/** What was asked, and how much was known of who asked; null = it could not be read. */
export interface LoggedQuery {
  readonly filter: Readonly<Record<string, boolean | readonly string[]>>
  readonly countryCode: string | null
  readonly slateSize: number
  readonly alsoSeenPostIds: readonly PostId[]
  readonly sessionServedPostIds: readonly PostId[]
  /** History tokens that the models saw. */
  readonly historyLength: number | null
  readonly followsCount: number | null
}

export interface LoggedCandidate {
  /** As shown. */
  readonly postId: PostId
  /** As judged: the original of a repost, and whose it is. */
  readonly judgedPostId: PostId
  readonly judgedAuthorId: UserId
  readonly createdAtMs: number
  readonly sources: readonly string[]
  /** Cosine; null when retrieval did not bring it. */
  readonly similarity: number | null
  readonly inNetwork: boolean | null
  /** In `actions.json`'s order, each null where the model has no such head; null = not scored. */
  readonly probabilities: readonly (number | null)[] | null
  readonly dwellSeconds: number | null
  readonly scoredBy: string | null
  /** Before cold start, author diversity and the out-of-network factor. */
  readonly weightedScore: number | null
  /** Null = not lifted. */
  readonly coldStartScore: number | null
  readonly diversityFactor: number | null
  readonly outOfNetworkFactor: number | null
  readonly slateWindow: number | null
  readonly score: number | null
  /** In (0, 1]: how probable its score was under the ranking's own chance. */
  readonly propensity: number
  /** In the slate, from 0; null = it is not in it. */
  readonly position: number | null
}

export interface LoggedRemoval {
  readonly filter: string
  readonly detail: string | null
  readonly postIds: readonly PostId[]
}

/** Takes requests in; where to is not the pipeline's business. */
export interface RequestLog {
  /** Resolves when it is written. @throws when it cannot be, or when too many wait. */
  write(request: LoggedRequest): Promise<void>
}
