import type { PostId, UserId } from '../ids.ts'
import type { ActionSequence } from './action-sequence.ts'
import type { CallOptions } from './retrieval-client.ts'

export interface RankedCandidate {
  /** The original's id and author for a repost: the model judges content, not the carrier. */
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
}

export interface RankQuery {
  /** Of the feed request: what was fed to the model can then be found again in the training log. */
  readonly requestId: string
  readonly viewerId: UserId
  readonly actions: ActionSequence
  readonly candidates: readonly RankedCandidate[]
  readonly nowMs: number
}

export interface RankAnswer {
  /** [candidates x 18], row by row, in [0, 1]; NaN = a head that the model lacks. */
  readonly probabilities: Float32Array
  /** [candidates], seconds; NaN = no such head. */
  readonly dwellSeconds: Float32Array
  readonly modelVersion: string
}

/** The ranking service. Splits more than 5,000 candidates into several calls. */
export interface RankingClient {
  rank(query: RankQuery, options: CallOptions): Promise<RankAnswer>
}
