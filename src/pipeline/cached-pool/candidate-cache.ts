import type { PostCandidateIdentity } from '../home-feed.candidate.ts'

/** A ranked post: who it is and what the model said of it; no facts, which would be stale. */
export interface PooledPost extends PostCandidateIdentity {
  /** A row [18] of a matrix that the pool alone holds. */
  readonly probabilities: Float32Array
  /** Null = no such head. */
  readonly dwellSeconds: number | null
}

/** What one ranking had to choose from, best first. */
export interface CandidatePool {
  readonly posts: readonly PooledPost[]
  readonly modelVersion: string
  /** `viewerStateOf` the query: another one means that the viewer has done something since. */
  readonly viewerState: string
}

/** Keeps pools for a while. May lose any at any time. */
export interface CandidateCache {
  /** Undefined = none, or too old. */
  get(key: string): Promise<CandidatePool | undefined>
  put(key: string, pool: CandidatePool, ttlMs: number): Promise<void>
}
