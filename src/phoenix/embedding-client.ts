import type { CallOptions } from './retrieval-client.ts'
import type { IndexedPost } from './retrieval-index.ts'

/** Unit vectors of posts, a row each, in the order of the posts. */
export interface PostVectors {
  /** [posts x dimension]. */
  readonly vectors: Float32Array
  readonly dimension: number
  readonly modelVersion: string
}

/** The candidate tower. Rejects with an Error, never answers short. */
export interface EmbeddingClient {
  /** At most 50,000 posts. */
  embed(posts: readonly IndexedPost[], options: CallOptions): Promise<PostVectors>
}
