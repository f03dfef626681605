import { LRUCache } from 'lru-cache'
import type { PostId } from '../../ids.ts'
import type { EmbeddingClient, PostVectors } from '../../phoenix/embedding-client.ts'
import type { CallOptions } from '../../phoenix/retrieval-client.ts'
import type { IndexedPost } from '../../phoenix/retrieval-index.ts'

const ROUNDS_MAX = 2

/**
 * Vectors of posts, kept across requests: a model gives a post the same vector for ever. A new
 * model's answer empties the memory, for vectors of two models do not compare.
 */
export class KeptEmbeddings implements EmbeddingClient {
  readonly #client: EmbeddingClient
  readonly #vectors: LRUCache<PostId, Float32Array>
  #modelVersion = ''
  #dimension = 0

  constructor(client: EmbeddingClient, { postsMax }: { readonly postsMax: number }) {
    this.#client = client
    this.#vectors = new LRUCache({ max: postsMax })
  }

  async embed(posts: readonly IndexedPost[], options: CallOptions): Promise<PostVectors> {
    let missing = this.#missing(posts)
    // A new model's answer forgets what was kept: the rest is asked for in a second round.
    for (let round = 1; missing.length > 0; round += 1) {
      if (round > ROUNDS_MAX) throw new Error('two models answer in turn')
      this.#keep(missing, await this.#client.embed(missing, options))
      missing = this.#missing(posts)
    }
    const vectors = new Float32Array(posts.length * this.#dimension)
    posts.forEach(({ postId }, index) => {
      const vector = this.#vectors.get(postId)
      if (vector !== undefined) vectors.set(vector, index * this.#dimension)
    })
    return { vectors, dimension: this.#dimension, modelVersion: this.#modelVersion }
  }

  #missing(posts: readonly IndexedPost[]): readonly IndexedPost[] {
    return posts.filter(({ postId }) => !this.#vectors.has(postId))
  }

  #keep(posts: readonly IndexedPost[], { vectors, dimension, modelVersion }: PostVectors): void {
    if (modelVersion !== this.#modelVersion) this.#vectors.clear()
    this.#modelVersion = modelVersion
    this.#dimension = dimension
    posts.forEach(({ postId }, index) => {
      this.#vectors.set(postId, vectors.slice(index * dimension, (index + 1) * dimension))
    })
  }
}
