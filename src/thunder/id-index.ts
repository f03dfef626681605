import { hashId } from './id-halves.ts'

/** Tables of one index: each grows by itself, so that no growth is long. A power of two. */
const TABLES = 256
const TABLE_SIZE_FIRST = 16
/** Of a table's places, at most so many of 8 are taken. */
const EIGHTHS_FULL_MAX = 6
/** An entry's lower bits hold the number, the upper 6 a piece of the hash. */
const NUMBER_BITS = 26
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

/**
 * Finds the number (a slot, a dense author) of an id: open addressing with linear probing, 4 bytes
 * a place. The ids themselves stay with their owner, as pairs [low, high] by number; most probes
 * that miss are told by the hash piece and never look there. Number 0 = none.
 *
 * Every table has a region of its own, long enough for its share of the capacity, and uses as much
 * of it as it needs: a power of two of places. What is not used yet takes no memory.
 */
export class IdIndex {
  readonly #ids: Int32Array
  readonly #places: Int32Array
  readonly #regionSize: number
  readonly #masks = new Int32Array(TABLES).fill(TABLE_SIZE_FIRST - 1)
  readonly #counts = new Int32Array(TABLES)
  /** The entries of a table that grows. */
  readonly #moving: Int32Array

  /** For the numbers 1 to `ids.length / 2 - 1`; below 2^26. */
  constructor(ids: Int32Array) {
    if (ids.length > 2 * 2 ** NUMBER_BITS) throw new RangeError('more ids than 26 bits can number')
    // Twice a table's fair share: hashes do not spread evenly, and no table may be full.
    const share = (ids.length / TABLES) * (8 / EIGHTHS_FULL_MAX)
    this.#ids = ids
    this.#regionSize = 2 ** Math.ceil(Math.log2(Math.max(share, 8 * TABLE_SIZE_FIRST)))
    this.#places = new Int32Array(this.#regionSize * TABLES)
    this.#moving = new Int32Array(this.#regionSize)
  }

  /** The number of an id; 0 = not here. */
  find(low: number, high: number): number {
    const hash = hashId(low, high)
    const which = hash >>> 24
    const start = which * this.#regionSize
    const mask = this.#masks[which] ?? 0
    const piece = (hash >>> 8) & 63
    const places = this.#places
    const ids = this.#ids
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = places[start + place] ?? 0
      if (entry === 0) return 0
      if (entry >>> NUMBER_BITS !== piece) continue
      const number = entry & NUMBER_MASK
      if (ids[number * 2] === low && ids[number * 2 + 1] === high) return number
    }
  }

  /** Adds a number whose id is in the owner's array and not in the index. */
  add(number: number): void {
    const hash = this.#hashOf(number)
    const which = hash >>> 24
    const count = (this.#counts[which] ?? 0) + 1
    this.#counts[which] = count
    if (count * 8 > ((this.#masks[which] ?? 0) + 1) * EIGHTHS_FULL_MAX) this.#grow(which)
    this.#place(hash, number)
  }

  /** Takes a number out; its id must still be in the owner's array. */
  remove(number: number): void {
    const which = this.#hashOf(number) >>> 24
    const start = which * this.#regionSize
    const mask = this.#masks[which] ?? 0
    const places = this.#places
    let hole = this.#hashOf(number) & mask
    while (((places[start + hole] ?? 0) & NUMBER_MASK) !== number) hole = (hole + 1) & mask
    this.#counts[which] = (this.#counts[which] ?? 0) - 1
    // Whoever probed past the hole on the way to its place moves up into it.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const entry = places[start + at] ?? 0
      if (entry === 0) break
      const home = this.#hashOf(entry & NUMBER_MASK) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      places[start + hole] = entry
      hole = at
    }
    places[start + hole] = 0
  }

  #hashOf(number: number): number {
    return hashId(this.#ids[number * 2] ?? 0, this.#ids[number * 2 + 1] ?? 0)
  }

  /** Puts a number into a free place of its table. */
  #place(hash: number, number: number): void {
    const which = hash >>> 24
    const start = which * this.#regionSize
    const mask = this.#masks[which] ?? 0
    let place = hash & mask
    while (this.#places[start + place] !== 0) place = (place + 1) & mask
    this.#places[start + place] = (((hash >>> 8) & 63) << NUMBER_BITS) | number
  }

  #grow(which: number): void {
    const start = which * this.#regionSize
    const size = (this.#masks[which] ?? 0) + 1
    if (size === this.#regionSize) {
      // Still works while a place is free, which twice the fair share sees to.
      if ((this.#counts[which] ?? 0) < size) return
      throw new Error('a table of the id index is full')
    }
    const places = this.#places
    const moving = this.#moving
    let count = 0
    for (let place = start; place < start + size; place += 1) {
      const entry = places[place] ?? 0
      if (entry === 0) continue
      moving[count] = entry & NUMBER_MASK
      count += 1
      places[place] = 0
    }
    this.#masks[which] = size * 2 - 1
    for (let at = 0; at < count; at += 1) {
      const number = moving[at] ?? 0
      this.#place(this.#hashOf(number), number)
    }
  }
}
