import { FLAG_BITS } from './entry-head.ts'
import { HOT_HEAD, HOT_NEXT, HOT_PREVIOUS, HOT_SIZE } from './post-slots.ts'

/** Seconds that a ring tells apart: 72.8 hours, of which 48 and the clocks' skew are in use. */
export const RING_SECONDS = 2 ** 18
const RING_MASK = RING_SECONDS - 1

/**
 * Slots by second: for each second a circular list through the slots' own ints, in order of
 * arrival. Adds, removes and gives the oldest in constant time, whatever the order of arrival.
 */
export class SecondRing {
  /** The first slot of each second, by `second & (RING_SECONDS - 1)`; 0 = none. */
  readonly firsts = new Int32Array(RING_SECONDS)
  readonly #hot: Int32Array
  #count = 0
  #oldest = 0
  #newest = 0

  constructor(hot: Int32Array) {
    this.#hot = hot
  }

  get count(): number {
    return this.#count
  }

  /** No slot is newer; there may be none of this very second. */
  get newestSeconds(): number {
    return this.#newest
  }

  /** The second of the oldest slot; Infinity when there is none. */
  oldestSeconds(): number {
    if (this.#count === 0) return Infinity
    while (this.firsts[this.#oldest & RING_MASK] === 0) this.#oldest += 1
    return this.#oldest
  }

  /** The oldest slot; of one second the one that came first. 0 = none. */
  oldest(): number {
    const seconds = this.oldestSeconds()
    return seconds === Infinity ? 0 : (this.firsts[seconds & RING_MASK] ?? 0)
  }

  /** The slot's head must hold the second already. */
  append(slot: number, seconds: number): void {
    const hot = this.#hot
    const first = this.firsts[seconds & RING_MASK] ?? 0
    if (first === 0) {
      this.firsts[seconds & RING_MASK] = slot
      hot[slot * HOT_SIZE + HOT_NEXT] = slot
      hot[slot * HOT_SIZE + HOT_PREVIOUS] = slot
    } else {
      const last = hot[first * HOT_SIZE + HOT_PREVIOUS] ?? 0
      hot[slot * HOT_SIZE + HOT_NEXT] = first
      hot[slot * HOT_SIZE + HOT_PREVIOUS] = last
      hot[last * HOT_SIZE + HOT_NEXT] = slot
      hot[first * HOT_SIZE + HOT_PREVIOUS] = slot
    }
    if (this.#count === 0 || seconds < this.#oldest) this.#oldest = seconds
    if (this.#count === 0 || seconds > this.#newest) this.#newest = seconds
    this.#count += 1
  }

  remove(slot: number): void {
    const hot = this.#hot
    const next = hot[slot * HOT_SIZE + HOT_NEXT] ?? 0
    const previous = hot[slot * HOT_SIZE + HOT_PREVIOUS] ?? 0
    const place = ((hot[slot * HOT_SIZE + HOT_HEAD] ?? 0) >>> FLAG_BITS) & RING_MASK
    if (next === slot) this.firsts[place] = 0
    else {
      hot[previous * HOT_SIZE + HOT_NEXT] = next
      hot[next * HOT_SIZE + HOT_PREVIOUS] = previous
      if (this.firsts[place] === slot) this.firsts[place] = next
    }
    hot[slot * HOT_SIZE + HOT_NEXT] = 0
    hot[slot * HOT_SIZE + HOT_PREVIOUS] = 0
    this.#count -= 1
  }
}
