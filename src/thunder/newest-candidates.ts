import { ENTRY_HEAD, ENTRY_HIGH, ENTRY_LOW, ENTRY_SIZE, ENTRY_SLOT } from './block-arena.ts'
import { FLAG_BITS, FLAGS_MASK } from './entry-head.ts'

const BUCKETS = 4_096
/** Up to so many in a bucket are sorted by insertion, more by heap. */
const INSERTION_MAX = 24
const UNSIGNED = 0x80000000 | 0

/**
 * Collects timeline entries and picks the newest: a counting sort by age, then each bucket by
 * (second, id). Cost grows with the number collected; nothing is allocated.
 */
export class NewestCandidates {
  /** Copies of entries; `count` of them are in use. */
  readonly entries: Int32Array
  count = 0
  readonly #order: Int32Array
  readonly #ends = new Int32Array(BUCKETS)

  /** @param capacity entries that one read can collect. */
  constructor(capacity: number) {
    this.entries = new Int32Array(capacity * ENTRY_SIZE)
    this.#order = new Int32Array(capacity)
  }

  /** Writes the slots of the newest into `into`, in order; returns how many. */
  takeNewest(max: number, into: Int32Array): number {
    const { entries, count } = this
    const order = this.#order
    const ends = this.#ends
    if (count === 0) return 0
    const reference = this.#newestHead() | FLAGS_MASK
    const shift = this.#shiftFor(reference)
    ends.fill(0)
    for (let at = 0; at < count; at += 1) {
      const bucket = (reference - (entries[at * ENTRY_SIZE] ?? 0)) >>> shift
      ends[bucket] = (ends[bucket] ?? 0) + 1
    }
    let sum = 0
    let buckets = 0
    for (; buckets < BUCKETS && sum < max && sum < count; buckets += 1) {
      const size = ends[buckets] ?? 0
      ends[buckets] = sum
      sum += size
    }
    for (let at = 0; at < count; at += 1) {
      const bucket = (reference - (entries[at * ENTRY_SIZE] ?? 0)) >>> shift
      if (bucket >= buckets) continue
      const place = ends[bucket] ?? 0
      order[place] = at
      ends[bucket] = place + 1
    }
    for (let bucket = 0, start = 0; bucket < buckets; bucket += 1) {
      const end = ends[bucket] ?? 0
      if (end - start > 1) this.#sortRange(start, end)
      start = end
    }
    const taken = Math.min(max, sum)
    for (let at = 0; at < taken; at += 1) {
      into[at] = entries[(order[at] ?? 0) * ENTRY_SIZE + ENTRY_SLOT] ?? 0
    }
    return taken
  }

  #newestHead(): number {
    const { entries, count } = this
    let newest = entries[ENTRY_HEAD] ?? 0
    for (let at = 1; at < count; at += 1) {
      const head = entries[at * ENTRY_SIZE] ?? 0
      if (((head - newest) | 0) > 0) newest = head
    }
    return newest
  }

  /** How far ages (with flags) are shifted so that they fit the buckets; never splits a second. */
  #shiftFor(reference: number): number {
    const { entries, count } = this
    let oldest = 0
    for (let at = 0; at < count; at += 1) {
      oldest = Math.max(oldest, (reference - (entries[at * ENTRY_SIZE] ?? 0)) | 0)
    }
    return Math.max(FLAG_BITS, 32 - Math.clz32(oldest) - Math.log2(BUCKETS))
  }

  #isNewer(a: number, b: number): boolean {
    const { entries } = this
    const atA = a * ENTRY_SIZE
    const atB = b * ENTRY_SIZE
    const headA = (entries[atA + ENTRY_HEAD] ?? 0) & ~FLAGS_MASK
    const age = (headA - ((entries[atB + ENTRY_HEAD] ?? 0) & ~FLAGS_MASK)) | 0
    if (age !== 0) return age > 0
    const high = (entries[atA + ENTRY_HIGH] ?? 0) - (entries[atB + ENTRY_HIGH] ?? 0)
    if (high !== 0) return high > 0
    const lowB = (entries[atB + ENTRY_LOW] ?? 0) ^ UNSIGNED
    return ((entries[atA + ENTRY_LOW] ?? 0) ^ UNSIGNED) > lowB
  }

  #sortRange(start: number, end: number): void {
    if (end - start > INSERTION_MAX) return this.#heapSort(start, end - start)
    const order = this.#order
    for (let at = start + 1; at < end; at += 1) {
      const candidate = order[at] ?? 0
      let place = at
      while (place > start && this.#isNewer(candidate, order[place - 1] ?? 0)) {
        order[place] = order[place - 1] ?? 0
        place -= 1
      }
      order[place] = candidate
    }
  }

  /** A heap with the oldest on top, taken out to the end. */
  #heapSort(start: number, size: number): void {
    const order = this.#order
    for (let root = (size >>> 1) - 1; root >= 0; root -= 1) this.#siftDown(start, root, size)
    for (let last = size - 1; last > 0; last -= 1) {
      const oldest = order[start] ?? 0
      order[start] = order[start + last] ?? 0
      order[start + last] = oldest
      this.#siftDown(start, 0, last)
    }
  }

  #siftDown(start: number, root: number, size: number): void {
    const order = this.#order
    const candidate = order[start + root] ?? 0
    let hole = root
    for (let child = hole * 2 + 1; child < size; child = hole * 2 + 1) {
      const right = child + 1
      if (right < size && this.#isNewer(order[start + child] ?? 0, order[start + right] ?? 0)) {
        child = right
      }
      if (!this.#isNewer(candidate, order[start + child] ?? 0)) break
      order[start + hole] = order[start + child] ?? 0
      hole = child
    }
    order[start + hole] = candidate
  }
}
