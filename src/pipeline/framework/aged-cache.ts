import { LRUCache } from 'lru-cache'

/** Values of earlier requests, each good until a time. Bounded: what is not used goes. */
export class AgedCache<K extends string | number, V extends object> {
  readonly #entries: LRUCache<K, { readonly value: V; readonly untilMs: number }>

  /** @param entriesMax an integer above 0. */
  constructor({ entriesMax }: { readonly entriesMax: number }) {
    this.#entries = new LRUCache({ max: entriesMax })
  }

  /** Undefined when there is none, or none that is good any more. */
  get(key: K, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (nowMs < entry.untilMs) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  put(key: K, value: V, untilMs: number): void {
    this.#entries.set(key, { value, untilMs })
  }

  get size(): number {
    return this.#entries.size
  }
}
