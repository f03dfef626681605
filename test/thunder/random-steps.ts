import { trustPostId, trustUserId, type PostId, type UserId } from '../../src/ids.ts'
import type { PostDeletion } from '../../src/thunder/post-store.ts'
import type { StoredPost } from '../../src/thunder/stored-post.ts'
import type { RecentPostsRequest } from '../../src/thunder/thunder.ts'

/** Seconds at which every random sequence begins. */
export const START_SECONDS = 1_780_000_000

export type Step =
  | { readonly kind: 'create' | 'restore'; readonly post: StoredPost }
  | { readonly kind: 'delete'; readonly deletion: PostDeletion }
  | { readonly kind: 'clock'; readonly seconds: number }
  | { readonly kind: 'trim' }
  | { readonly kind: 'read'; readonly request: RecentPostsRequest }

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Few ids and much chance: duplicates, late, future and out-of-order events all occur. */
class StepMaker {
  readonly #random: () => number
  readonly #posts: number
  readonly #authors: number
  #nowSeconds = START_SECONDS

  constructor(seed: number) {
    this.#random = createRandom(seed)
    // One seed in three crowds few authors, so that their caps bind.
    const isCrowded = this.#chance(0.33)
    this.#posts = isCrowded ? 400 : 60
    this.#authors = isCrowded ? 2 : 8
  }

  next(): Step {
    const roll = this.#random()
    if (roll < 0.55) return { kind: 'create', post: this.#post() }
    if (roll < 0.67) return { kind: 'delete', deletion: this.#deletion() }
    if (roll < 0.75) return { kind: 'restore', post: this.#post() }
    if (roll < 0.82) return { kind: 'clock', seconds: this.#step() }
    if (roll < 0.85) return { kind: 'trim' }
    return { kind: 'read', request: this.#request() }
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }

  #step(): number {
    if (this.#chance(0.1)) this.#nowSeconds -= this.#below(5_000)
    else this.#nowSeconds += this.#chance(0.1) ? this.#below(100_000) : this.#below(2_000)
    return this.#nowSeconds
  }

  /** Ids of different lengths, so that their order as text is not their order. */
  #postId(): PostId {
    return trustPostId(String(7 + this.#below(this.#posts)))
  }

  #userId(): UserId {
    return trustUserId(String(1 + this.#below(this.#authors)))
  }

  #version(): bigint {
    return this.#chance(0.4) ? 0n : BigInt(1 + this.#below(6))
  }

  /** Mostly of the last hours and often of one second; now and then too old or ahead. */
  #createdAtSeconds(): number {
    if (this.#chance(0.05)) return this.#nowSeconds - 172_800 + this.#below(3) - 1
    if (this.#chance(0.1)) return this.#nowSeconds + 58 + this.#below(5)
    return this.#nowSeconds - this.#below(this.#chance(0.5) ? 10 : 180_000)
  }

  #post(): StoredPost {
    const kind = this.#random()
    const isReply = kind < 0.4
    // A few are both.
    const isRepost = kind >= 0.36 && kind < 0.6
    const postId = this.#postId()
    const authorId = trustUserId(String(1 + (Number(postId) % this.#authors)))
    return {
      postId,
      authorId: this.#chance(0.02) ? this.#userId() : authorId,
      createdAtSeconds: this.#createdAtSeconds(),
      replyToPostId: isReply && this.#chance(0.9) ? this.#postId() : null,
      replyToUserId: isReply && this.#chance(0.9) ? this.#userId() : null,
      repostOfPostId: isRepost ? this.#postId() : null,
      repostOfUserId: isRepost && this.#chance(0.9) ? this.#userId() : null,
      conversationId: this.#chance(0.8) ? this.#postId() : null,
      hasVideo: this.#chance(0.4),
      version: this.#version(),
    }
  }

  #deletion(): PostDeletion {
    return {
      postId: this.#postId(),
      deletedAtSeconds: this.#createdAtSeconds(),
      version: this.#version(),
    }
  }

  #request(): RecentPostsRequest {
    const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make)
    return {
      viewerId: this.#userId(),
      authorIds: many(this.#below(2 * this.#authors), () => this.#userId()),
      excludedPostIds: new Set(many(this.#below(this.#posts / 4), () => this.#postId())),
      resultsMax: this.#chance(0.5) ? 0 : 1 + this.#below(40),
      kind: this.#chance(0.25) ? 'videos' : 'posts',
    }
  }
}

export interface StoreBounds {
  readonly postsMax: number
  readonly childrenPerCallMax: number
}

/** Bounds of a seed's store: in one seed of three memory binds, in half work waits for later. */
export function boundsOf(seed: number): StoreBounds {
  return {
    postsMax: seed % 3 === 0 ? 5 + (seed % 50) : 2_000,
    childrenPerCallMax: seed % 2 === 0 ? 1 : 2_000,
  }
}

/** The same steps for the same seed. */
export function randomSteps(seed: number, count: number): readonly Step[] {
  const maker = new StepMaker(seed)
  return Array.from({ length: count }, () => maker.next())
}
