import { LRUCache } from 'lru-cache'

export interface LastKnownGoodOptions {
  /** ms. Older values are not given out. */
  readonly ageMsMax: number
  readonly entriesMax: number
  /** Epoch ms. */
  now(): number
}

/** The newest value of each key that was read well, bounded in number and age. */
export class LastKnownGood<K extends string, V extends object> {
  readonly #entries: LRUCache<K, { value: V; atMs: number }>
  readonly #ageMsMax: number
  readonly #now: () => number

  constructor({ ageMsMax, entriesMax, now }: LastKnownGoodOptions) {
    this.#entries = new LRUCache({ max: entriesMax })
    this.#ageMsMax = ageMsMax
    this.#now = now
  }

  /** `atMs`: before the value was read, so that its age is never understated. */
  keep(key: K, value: V, atMs: number): void {
    const known = this.#entries.get(key)
    if (known === undefined) {
      this.#entries.set(key, { value, atMs })
    } else if (known.atMs <= atMs) {
      known.value = value
      known.atMs = atMs
    }
  }

  /** Undefined when there is none or it is too old. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (this.#now() - entry.atMs <= this.#ageMsMax) return entry.value
    this.#entries.delete(key)
    return undefined
  }
}
