import type { PostId, UserId } from '../ids.ts'
import type { ActionSequence } from './action-sequence.ts'

/** Limits of one call: both are honoured, whichever comes first. */
export interface CallOptions {
  readonly signal: AbortSignal
  /** Epoch ms; sent along as the gRPC deadline. */
  readonly deadlineMs: number
}

export interface RetrieveQuery {
  readonly viewerId: UserId
  readonly actions: ActionSequence
  /** 1 to 5,000. */
  readonly resultsMax: number
  readonly postsPerAuthorMax: number
  /** Only these posts are searched, at most 100,000; absent = all. */
  readonly among?: readonly PostId[]
}

export interface RetrievedPost {
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
  /** Cosine of viewer and post, -1 to 1. */
  readonly similarity: number
}

export interface RetrievalAnswer {
  /** Most similar first. */
  readonly posts: readonly RetrievedPost[]
  readonly modelVersion: string
}

/** The two-tower retrieval service. Every method rejects with an Error, never answers short. */
export interface RetrievalClient {
  retrieve(query: RetrieveQuery, options: CallOptions): Promise<RetrievalAnswer>
}
