import { IdIndex } from './id-index.ts'

/** Ints of an author's row: where its timeline is, and the head of the newest entry there. */
export const ROW_SIZE = 4
export const ROW_FIRST = 0
export const ROW_LENGTH = 1
export const ROW_ORDER = 2
export const ROW_NEWEST = 3

/**
 * Users by small dense numbers, from 1 on in order of appearance: authors, and whoever was replied
 * to, reposted or followed. A number stays for the life of the store, so that lists of them can be
 * kept; that is 36 bytes a user.
 */
export class AuthorTable {
  /** Ids as pairs [low, high], by dense number. */
  ids: Int32Array
  /** 16 bytes each: the `ROW_…` ints. */
  rows: Int32Array
  /** Pairs [stamp, counts]: which read an author is followed in, and what it took there. */
  stamps: Int32Array
  #count = 0
  #stamp = 0
  #index: IdIndex

  /** Laid out for so many users; when there are more, everything moves, in one go. */
  constructor(capacity: number) {
    this.ids = new Int32Array((capacity + 1) * 2)
    this.rows = new Int32Array((capacity + 1) * ROW_SIZE)
    this.stamps = new Int32Array((capacity + 1) * 2)
    this.#index = new IdIndex(this.ids)
  }

  get count(): number {
    return this.#count
  }

  /** The dense number of a user; 0 = never seen. */
  find(low: number, high: number): number {
    return this.#index.find(low, high)
  }

  /** The dense number of a user, given now if need be. */
  intern(low: number, high: number): number {
    const known = this.#index.find(low, high)
    if (known !== 0) return known
    this.#count += 1
    if (this.#count * 2 === this.ids.length) this.#grow()
    this.ids[this.#count * 2] = low
    this.ids[this.#count * 2 + 1] = high
    this.#index.add(this.#count)
    return this.#count
  }

  /** A stamp that no author carries yet. */
  nextStamp(): number {
    this.#stamp = (this.#stamp + 1) | 0
    if (this.#stamp <= 0) {
      this.stamps.fill(0)
      this.#stamp = 1
    }
    return this.#stamp
  }

  #grow(): void {
    this.ids = doubled(this.ids)
    this.rows = doubled(this.rows)
    this.stamps = doubled(this.stamps)
    this.#index = new IdIndex(this.ids)
    for (let author = 1; author < this.#count; author += 1) this.#index.add(author)
  }
}

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}
