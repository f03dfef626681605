import { hashId } from './id-halves.ts'

/** Tables of one index: each grows by itself, so that no growth is long. A power of two. */
const TABLES = 256
const TABLE_SIZE_FIRST = 16
/** Of a table's places, at most so many of 8 are taken. */
const EIGHTHS_FULL_MAX = 6
/** An entry's lower bits hold the number, the upper 6 a piece of the hash. */
const NUMBER_BITS = 26
const NUMBER_MASK = 2 ** NUMBER_BITS - 1

/** Numbers that an index can hold. */
export const INDEXED_NUMBERS_MAX = NUMBER_MASK

/**
 * Finds the number (a slot, a dense author) of an id: open addressing with linear probing, 4 bytes
 * a place. The ids themselves stay with their owner, as pairs [low, high] by number; most probes
 * that miss are told by the hash piece and never look there. Number 0 = none.
 */
export class IdIndex {
  #ids: Int32Array
  readonly #tables: Int32Array[] = []
  readonly #counts = new Int32Array(TABLES)

  constructor(ids: Int32Array) {
    this.#ids = ids
    for (let at = 0; at < TABLES; at += 1) this.#tables.push(new Int32Array(TABLE_SIZE_FIRST))
  }

  /** After the owner has moved its ids to a larger array. */
  moveIds(ids: Int32Array): void {
    this.#ids = ids
  }

  /** The number of an id; 0 = not here. */
  find(low: number, high: number): number {
    const hash = hashId(low, high)
    const table = this.#tables[hash >>> 24]
    if (table === undefined) return 0
    const ids = this.#ids
    const mask = table.length - 1
    const piece = (hash >>> 8) & 63
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = table[place] ?? 0
      if (entry === 0) return 0
      if (entry >>> NUMBER_BITS !== piece) continue
      const number = entry & NUMBER_MASK
      if (ids[number * 2] === low && ids[number * 2 + 1] === high) return number
    }
  }

  /** Adds a number whose id is in the owner's array and not in the index. */
  add(number: number): void {
    const hash = hashId(this.#ids[number * 2] ?? 0, this.#ids[number * 2 + 1] ?? 0)
    const which = hash >>> 24
    const count = (this.#counts[which] ?? 0) + 1
    this.#counts[which] = count
    const table = this.#tables[which] ?? new Int32Array(0)
    const fits = count * 8 <= table.length * EIGHTHS_FULL_MAX
    place(fits ? table : this.#grow(which), hash, number)
  }

  /** Takes a number out; its id must still be in the owner's array. */
  remove(number: number): void {
    const hash = hashId(this.#ids[number * 2] ?? 0, this.#ids[number * 2 + 1] ?? 0)
    const which = hash >>> 24
    const table = this.#tables[which] ?? new Int32Array(0)
    const mask = table.length - 1
    let hole = hash & mask
    while (((table[hole] ?? 0) & NUMBER_MASK) !== number) hole = (hole + 1) & mask
    this.#counts[which] = (this.#counts[which] ?? 0) - 1
    // Whoever probed past the hole on the way to its place moves up into it.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const entry = table[at] ?? 0
      if (entry === 0) break
      const other = entry & NUMBER_MASK
      const home = hashId(this.#ids[other * 2] ?? 0, this.#ids[other * 2 + 1] ?? 0) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      table[hole] = entry
      hole = at
    }
    table[hole] = 0
  }

  #grow(which: number): Int32Array {
    const old = this.#tables[which] ?? new Int32Array(0)
    const table = new Int32Array(old.length * 2)
    for (const entry of old) {
      if (entry === 0) continue
      const number = entry & NUMBER_MASK
      place(table, hashId(this.#ids[number * 2] ?? 0, this.#ids[number * 2 + 1] ?? 0), number)
    }
    this.#tables[which] = table
    return table
  }
}

function place(table: Int32Array, hash: number, number: number): void {
  const mask = table.length - 1
  let at = hash & mask
  while (table[at] !== 0) at = (at + 1) & mask
  table[at] = (((hash >>> 8) & 63) << NUMBER_BITS) | number
}
