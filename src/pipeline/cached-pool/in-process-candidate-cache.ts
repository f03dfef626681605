import { LRUCache } from 'lru-cache'
import type { CandidateCache, CandidatePool } from './candidate-cache.ts'

export interface InProcessCandidateCacheOptions {
  /** Posts of all pools together. */
  readonly postsMax: number
  /** Epoch ms. */
  now(): number
}

/** Pools of one process, bounded by their posts; the pool unused for longest goes first. */
export class InProcessCandidateCache implements CandidateCache {
  readonly #pools: LRUCache<string, { readonly pool: CandidatePool; readonly untilMs: number }>
  readonly #now: () => number

  constructor({ postsMax, now }: InProcessCandidateCacheOptions) {
    this.#now = now
    this.#pools = new LRUCache({
      maxSize: postsMax,
      sizeCalculation: ({ pool }) => pool.posts.length + 1,
    })
  }

  async get(key: string): Promise<CandidatePool | undefined> {
    const entry = this.#pools.get(key)
    if (entry === undefined) return undefined
    if (this.#now() <= entry.untilMs) return entry.pool
    this.#pools.delete(key)
    return undefined
  }

  async put(key: string, pool: CandidatePool, ttlMs: number): Promise<void> {
    this.#pools.set(key, { pool, untilMs: this.#now() + ttlMs })
  }

  /** Posts of all pools, and one for each pool. */
  get postCount(): number {
    return this.#pools.calculatedSize
  }
}
