import { IdIndex } from './id-index.ts'

/** Ints of a slot that walks and writes touch together: 16 bytes. */
export const HOT_SIZE = 4
/** Neighbours in the second's ring. A free slot's NEXT is the next free one. */
export const HOT_NEXT = 0
export const HOT_PREVIOUS = 1
export const HOT_AUTHOR = 2
/** As in the timeline entry: second and flags. A tombstone's second is that of its deletion. */
export const HOT_HEAD = 3

/** Bits of a slot's state. None of the first two = a mere name that others refer to. */
export const IS_LIVE = 1
export const IS_TOMBSTONE = 2
export const IS_REPLY = 4
export const IS_REPOST = 8
export const HAS_VIDEO = 16

/**
 * Every post id that the store has to know, by slot: posts, tombstones, and ids that are only
 * referred to. Arrays are as long as the bound allows from the start; pages that nothing has
 * touched take no memory. Slots are given out again in the order they became free, so that slots
 * stay roughly in order of time. Slot 0 = none.
 */
export class PostSlots {
  readonly hot: Int32Array
  /** Pairs [low, high]. */
  readonly ids: Int32Array
  readonly conversations: Int32Array
  /** Nearly all versions are below 2^32, so the pages of their upper halves stay untouched. */
  readonly versionLows: Int32Array
  readonly versionHighs: Int32Array
  readonly states: Uint8Array
  readonly #capacity: number
  readonly #index: IdIndex
  #fresh = 1
  #firstFree = 0
  #lastFree = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.hot = new Int32Array((capacity + 1) * HOT_SIZE)
    this.ids = new Int32Array((capacity + 1) * 2)
    this.conversations = new Int32Array((capacity + 1) * 2)
    this.versionLows = new Int32Array(capacity + 1)
    this.versionHighs = new Int32Array(capacity + 1)
    this.states = new Uint8Array(capacity + 1)
    this.#index = new IdIndex(this.ids)
  }

  /** Slots that have ever been used are 1 to this one. */
  get last(): number {
    return this.#fresh - 1
  }

  get isFull(): boolean {
    return this.#firstFree === 0 && this.#fresh > this.#capacity
  }

  /** The slot of a post id; 0 = not known. */
  find(low: number, high: number): number {
    return this.#index.find(low, high)
  }

  /** Gives an unknown id a slot, without any state. Not when full. */
  add(low: number, high: number): number {
    let slot = this.#firstFree
    if (slot === 0) {
      slot = this.#fresh
      this.#fresh += 1
    } else {
      this.#firstFree = this.hot[slot * HOT_SIZE + HOT_NEXT] ?? 0
      this.hot[slot * HOT_SIZE + HOT_NEXT] = 0
    }
    this.ids[slot * 2] = low
    this.ids[slot * 2 + 1] = high
    this.#index.add(slot)
    return slot
  }

  setVersion(slot: number, low: number, high: number): void {
    this.versionLows[slot] = low
    if (this.versionHighs[slot] !== high) this.versionHighs[slot] = high
  }

  /** Forgets the id of a slot that has no state and that nothing refers to. */
  free(slot: number): void {
    this.#index.remove(slot)
    this.ids[slot * 2] = 0
    this.ids[slot * 2 + 1] = 0
    this.hot[slot * HOT_SIZE + HOT_NEXT] = 0
    if (this.#firstFree === 0) this.#firstFree = slot
    else this.hot[this.#lastFree * HOT_SIZE + HOT_NEXT] = slot
    this.#lastFree = slot
  }
}
