import { LRUCache } from 'lru-cache'

export interface FactCacheOptions {
  readonly entriesMax: number
  /** Ms that a value is good for. */
  readonly ttlMs: number
  /** Ms after a change in which nothing is kept of that key. Longer than any read takes. */
  readonly settleMs: number
  /** Epoch ms. */
  now(): number
}

/** Hits and misses since the start. */
export interface FactCacheStats {
  readonly hits: number
  readonly misses: number
  readonly entries: number
}

/**
 * Facts that hardly ever change, by key, kept across requests. `forget` is called when a key's
 * facts change. For a while nothing is kept of it then: a read that began before the change may
 * end after it, and the event of a change may be here before its row.
 */
export class FactCache<K extends string, V extends object> {
  readonly #entries: LRUCache<K, { readonly value: V; readonly untilMs: number }>
  readonly #settling: LRUCache<K, number>
  readonly #options: FactCacheOptions
  #hits = 0
  #misses = 0

  constructor(options: FactCacheOptions) {
    this.#entries = new LRUCache({ max: options.entriesMax })
    this.#settling = new LRUCache({ max: options.entriesMax })
    this.#options = options
  }

  /** Undefined when there is none or it is too old. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.untilMs > this.#options.now()) {
      this.#hits += 1
      return entry.value
    }
    this.#misses += 1
    return undefined
  }

  /** Whether `get` would give a value; counts nothing. */
  has(key: K): boolean {
    const entry = this.#entries.peek(key)
    return entry !== undefined && entry.untilMs > this.#options.now()
  }

  keep(key: K, value: V): void {
    const { now, ttlMs } = this.#options
    const settledAtMs = this.#settling.peek(key)
    if (settledAtMs !== undefined) {
      if (settledAtMs > now()) return
      this.#settling.delete(key)
    }
    this.#entries.set(key, { value, untilMs: now() + ttlMs })
  }

  /** The key's facts have changed, or are about to. */
  forget(key: K): void {
    this.#entries.delete(key)
    this.#settling.set(key, this.#options.now() + this.#options.settleMs)
  }

  stats(): FactCacheStats {
    return { hits: this.#hits, misses: this.#misses, entries: this.#entries.size }
  }
}
