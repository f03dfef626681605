/** Ints of an entry: 16 bytes. */
export const ENTRY_SIZE = 4
export const ENTRY_HEAD = 0
export const ENTRY_SLOT = 1
export const ENTRY_LOW = 2
export const ENTRY_HIGH = 3

/** The smallest block is 2 entries. */
export const ORDER_MIN = 1
const ORDERS = 31

/** Ints of a free block's first entry. */
const FREE_NEXT = 0
const FREE_PREVIOUS = 1

/**
 * Blocks of 2, 4, 8, … entries in one array: a buddy allocator. A block starts at a multiple of its
 * size; freed, it joins its other half if that is free too, so that space is never lost for good
 * and nothing has to be compacted. What lies behind the frontier has never been touched and takes
 * no memory.
 */
export class BlockArena {
  readonly entries: Int32Array
  readonly #capacity: number
  /** By first entry / 2: the order of the free block that starts there; 0 = none does. */
  readonly #freeOrders: Uint8Array
  /** By order: the first free block, as first entry + 1; 0 = none. */
  readonly #freeFirsts = new Int32Array(ORDERS)
  #frontier = 0

  /** @param capacity entries. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.entries = new Int32Array(capacity * ENTRY_SIZE)
    this.#freeOrders = new Uint8Array((capacity >>> 1) + 1)
  }

  /** The first entry of a block of 2^order entries; -1 when there is no room. */
  allocate(order: number): number {
    for (let larger = order; larger < ORDERS; larger += 1) {
      const first = (this.#freeFirsts[larger] ?? 0) - 1
      if (first < 0) continue
      this.#unlist(first, larger)
      for (let half = larger - 1; half >= order; half -= 1) this.#list(first + 2 ** half, half)
      return first
    }
    return this.#advanceFrontier(order)
  }

  free(first: number, order: number): void {
    let start = first
    let size = order
    for (; size < ORDERS - 1; size += 1) {
      const buddy = start ^ (1 << size)
      if (this.#freeOrders[buddy >>> 1] !== size) break
      this.#unlist(buddy, size)
      start = Math.min(start, buddy)
    }
    this.#list(start, size)
  }

  /** Blocks left over by alignment become free ones. */
  #advanceFrontier(order: number): number {
    const size = 2 ** order
    const first = Math.ceil(this.#frontier / size) * size
    if (first + size > this.#capacity) return -1
    while (this.#frontier < first) {
      const aligned = 31 - Math.clz32(this.#frontier & -this.#frontier)
      this.#list(this.#frontier, aligned)
      this.#frontier += 2 ** aligned
    }
    this.#frontier = first + size
    return first
  }

  #list(first: number, order: number): void {
    const next = this.#freeFirsts[order] ?? 0
    this.entries[first * ENTRY_SIZE + FREE_NEXT] = next
    this.entries[first * ENTRY_SIZE + FREE_PREVIOUS] = 0
    if (next !== 0) this.entries[(next - 1) * ENTRY_SIZE + FREE_PREVIOUS] = first + 1
    this.#freeFirsts[order] = first + 1
    this.#freeOrders[first >>> 1] = order
  }

  #unlist(first: number, order: number): void {
    const next = this.entries[first * ENTRY_SIZE + FREE_NEXT] ?? 0
    const previous = this.entries[first * ENTRY_SIZE + FREE_PREVIOUS] ?? 0
    if (next !== 0) this.entries[(next - 1) * ENTRY_SIZE + FREE_PREVIOUS] = previous
    if (previous === 0) this.#freeFirsts[order] = next
    else this.entries[(previous - 1) * ENTRY_SIZE + FREE_NEXT] = next
    this.#freeOrders[first >>> 1] = 0
  }
}
