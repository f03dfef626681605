import { ROW_FIRST, ROW_LENGTH, ROW_NEWEST, ROW_ORDER, ROW_SIZE } from './author-table.ts'
import type { AuthorTable } from './author-table.ts'
import {
  BlockArena,
  ENTRY_HEAD,
  ENTRY_HIGH,
  ENTRY_LOW,
  ENTRY_SIZE,
  ENTRY_SLOT,
  ORDER_MIN,
} from './block-arena.ts'
import { FLAGS_MASK } from './entry-head.ts'
import { HOT_AUTHOR, HOT_HEAD, HOT_SIZE, type PostSlots } from './post-slots.ts'

/** A block of at least so many entries goes back to half its size when a quarter is in use. */
const SHRUNK_ORDER_MIN = 3
const UNSIGNED = 0x80000000 | 0

/**
 * One timeline an author, newest entry last, in order of (second, id) whatever the order of
 * arrival. An author's entries are neighbours in one block of the arena, with room at either end:
 * the oldest leave at the front, the newest come at the back.
 */
export class Timelines {
  readonly #arena: BlockArena
  readonly #authors: AuthorTable
  readonly #slots: PostSlots
  #authorsWithPosts = 0

  constructor(authors: AuthorTable, slots: PostSlots, capacity: number) {
    this.#arena = new BlockArena(capacity)
    this.#authors = authors
    this.#slots = slots
  }

  get entries(): Int32Array {
    return this.#arena.entries
  }

  get authorsWithPosts(): number {
    return this.#authorsWithPosts
  }

  /** Adds a slot to its author's timeline, by its hot ints. False = the arena is full. */
  insert(slot: number): boolean {
    const { rows } = this.#authors
    const row = (this.#slots.hot[slot * HOT_SIZE + HOT_AUTHOR] ?? 0) * ROW_SIZE
    const length = rows[row + ROW_LENGTH] ?? 0
    if (!this.#makeRoom(row)) return false
    const first = rows[row + ROW_FIRST] ?? 0
    const place = first + (length === 0 ? 0 : this.#placeOf(slot, row))
    const { entries } = this.#arena
    const end = first + length
    if (place < end) {
      entries.copyWithin((place + 1) * ENTRY_SIZE, place * ENTRY_SIZE, end * ENTRY_SIZE)
    }
    const head = this.#slots.hot[slot * HOT_SIZE + HOT_HEAD] ?? 0
    entries[place * ENTRY_SIZE + ENTRY_HEAD] = head
    entries[place * ENTRY_SIZE + ENTRY_SLOT] = slot
    entries[place * ENTRY_SIZE + ENTRY_LOW] = this.#slots.ids[slot * 2] ?? 0
    entries[place * ENTRY_SIZE + ENTRY_HIGH] = this.#slots.ids[slot * 2 + 1] ?? 0
    rows[row + ROW_LENGTH] = length + 1
    if (place === end) rows[row + ROW_NEWEST] = head
    if (length === 0) this.#authorsWithPosts += 1
    return true
  }

  remove(slot: number): void {
    const { rows } = this.#authors
    const row = (this.#slots.hot[slot * HOT_SIZE + HOT_AUTHOR] ?? 0) * ROW_SIZE
    const first = rows[row + ROW_FIRST] ?? 0
    const length = rows[row + ROW_LENGTH] ?? 0
    const place = this.#placeOf(slot, row)
    const { entries } = this.#arena
    if (place === 0) rows[row + ROW_FIRST] = first + 1
    else {
      const from = first + place + 1
      entries.copyWithin((from - 1) * ENTRY_SIZE, from * ENTRY_SIZE, (first + length) * ENTRY_SIZE)
      const newest = (first + length - 2) * ENTRY_SIZE
      rows[row + ROW_NEWEST] = entries[newest + ENTRY_HEAD] ?? 0
    }
    rows[row + ROW_LENGTH] = length - 1
    if (length > 1) this.#shrink(row)
    else {
      const order = rows[row + ROW_ORDER] ?? 0
      this.#arena.free((first >>> order) << order, order)
      this.#authorsWithPosts -= 1
    }
  }

  /** Copies the flags of a slot's head into its entry. */
  reflag(slot: number): void {
    const row = (this.#slots.hot[slot * HOT_SIZE + HOT_AUTHOR] ?? 0) * ROW_SIZE
    const { rows } = this.#authors
    const place = this.#placeOf(slot, row)
    const head = this.#slots.hot[slot * HOT_SIZE + HOT_HEAD] ?? 0
    const entry = (rows[row + ROW_FIRST] ?? 0) + place
    this.#arena.entries[entry * ENTRY_SIZE + ENTRY_HEAD] = head
    if (place + 1 === rows[row + ROW_LENGTH]) rows[row + ROW_NEWEST] = head
  }

  /** How many entries of an author are older than this slot: its place, or its future one. */
  #placeOf(slot: number, row: number): number {
    const { rows } = this.#authors
    const first = rows[row + ROW_FIRST] ?? 0
    let low = 0
    let high = rows[row + ROW_LENGTH] ?? 0
    // Most come as the newest and leave as the oldest.
    if (high > 0 && this.#isOlder(first + high - 1, slot)) return high
    if (high > 0 && !this.#isOlder(first, slot)) return 0
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isOlder(first + middle, slot)) low = middle + 1
      else high = middle
    }
    return low
  }

  #isOlder(entry: number, slot: number): boolean {
    const { entries } = this.#arena
    const { hot, ids } = this.#slots
    const at = entry * ENTRY_SIZE
    const second = (entries[at + ENTRY_HEAD] ?? 0) & ~FLAGS_MASK
    const age = (((hot[slot * HOT_SIZE + HOT_HEAD] ?? 0) & ~FLAGS_MASK) - second) | 0
    if (age !== 0) return age > 0
    const high = entries[at + ENTRY_HIGH] ?? 0
    const slotHigh = ids[slot * 2 + 1] ?? 0
    if (high !== slotHigh) return high < slotHigh
    return ((entries[at + ENTRY_LOW] ?? 0) ^ UNSIGNED) < ((ids[slot * 2] ?? 0) ^ UNSIGNED)
  }

  /** Sees to it that there is room behind the newest entry. */
  #makeRoom(row: number): boolean {
    const { rows } = this.#authors
    const length = rows[row + ROW_LENGTH] ?? 0
    if (length === 0) {
      const first = this.#arena.allocate(ORDER_MIN)
      if (first < 0) return false
      rows[row + ROW_FIRST] = first
      rows[row + ROW_ORDER] = ORDER_MIN
      return true
    }
    const order = rows[row + ROW_ORDER] ?? 0
    const first = rows[row + ROW_FIRST] ?? 0
    const start = (first >>> order) << order
    const size = 2 ** order
    if (first + length < start + size) return true
    // A move within the block is paid for by the entries that left: at least a quarter of it.
    if ((first - start) * 4 < size || first === start) return this.#moveToBlock(row, order + 1)
    this.#moveTo(row, start)
    return true
  }

  #shrink(row: number): void {
    const { rows } = this.#authors
    const order = rows[row + ROW_ORDER] ?? 0
    if (order < SHRUNK_ORDER_MIN || (rows[row + ROW_LENGTH] ?? 0) > 2 ** order / 4) return
    // Without room for a smaller block, the larger one does.
    this.#moveToBlock(row, order - 1)
  }

  #moveToBlock(row: number, order: number): boolean {
    const { rows } = this.#authors
    const start = this.#arena.allocate(order)
    if (start < 0) return false
    const oldOrder = rows[row + ROW_ORDER] ?? 0
    const oldStart = ((rows[row + ROW_FIRST] ?? 0) >>> oldOrder) << oldOrder
    this.#moveTo(row, start)
    this.#arena.free(oldStart, oldOrder)
    rows[row + ROW_ORDER] = order
    return true
  }

  #moveTo(row: number, start: number): void {
    const { rows } = this.#authors
    const first = rows[row + ROW_FIRST] ?? 0
    const end = first + (rows[row + ROW_LENGTH] ?? 0)
    this.#arena.entries.copyWithin(start * ENTRY_SIZE, first * ENTRY_SIZE, end * ENTRY_SIZE)
    rows[row + ROW_FIRST] = start
  }
}
