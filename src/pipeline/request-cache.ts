import { LRUCache } from 'lru-cache'
import type { PostId, UserId } from '../ids.ts'
import type { SourceName } from './home-feed.candidate.ts'

/** One post of a remembered slate. */
export interface CachedPost {
  readonly postId: PostId
  readonly sources: readonly SourceName[]
  readonly score: number | null
  readonly weightedScore: number | null
  readonly scoredBy: 'phoenix' | 'fallback' | null
  readonly dwellSeconds: number | null
  /** A row of the model [18]; null when it did not score the post. */
  readonly probabilities: Float32Array | null
}

/** What a request answered, for explanations and what-if questions. */
export interface CachedRequest {
  readonly requestId: string
  readonly viewerId: UserId
  readonly rankedAtMs: number
  readonly modelVersion: string | null
  readonly weightsVersion: string
  readonly arms: readonly string[]
  /** Of the settings that it was ranked with. */
  readonly settingsDigest: string
  /** In slate order. */
  readonly slate: readonly CachedPost[]
  /** Ranked posts that are not in the slate. */
  readonly outrankedCount: number
}

export interface RequestCacheOptions {
  readonly ttlMs: number
  readonly requestsMax: number
  /** Epoch ms. */
  now(): number
}

/** The newest requests of one process, bounded in number and age. */
export class RequestCache {
  readonly #requests: LRUCache<string, CachedRequest>
  readonly #ttlMs: number
  readonly #now: () => number

  constructor({ ttlMs, requestsMax, now }: RequestCacheOptions) {
    this.#requests = new LRUCache({ max: requestsMax })
    this.#ttlMs = ttlMs
    this.#now = now
  }

  put(request: CachedRequest): void {
    this.#requests.set(request.requestId, request)
  }

  /** Undefined when it was never ranked here, or too long ago. */
  get(requestId: string): CachedRequest | undefined {
    const request = this.#requests.get(requestId)
    if (request === undefined) return undefined
    if (this.#now() - request.rankedAtMs <= this.#ttlMs) return request
    this.#requests.delete(requestId)
    return undefined
  }
}
