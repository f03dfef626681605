import { hashId } from './id-halves.ts'

/** Ints of a place: epoch, low, high, and one that rounds it up to 16 bytes. */
const PLACE_SIZE = 4
const PLACES_FIRST = 4_096

/**
 * The post ids that one read leaves out: open addressing, at most half full. A place counts only
 * when it carries the read's epoch, so that emptying the table is one addition.
 */
export class ExclusionTable {
  #places = new Int32Array(PLACES_FIRST * PLACE_SIZE)
  #mask = PLACES_FIRST - 1
  #epoch = 1
  #isEmpty = true

  /** Holds these ids and no others from now on; pairs [low, high]. Allocates only to grow. */
  fill(ids: Int32Array): void {
    if (ids.length > this.#mask) this.#grow(ids.length)
    this.#epoch = (this.#epoch + 1) | 0
    if (this.#epoch <= 0) {
      this.#places.fill(0)
      this.#epoch = 1
    }
    this.#isEmpty = ids.length < 2
    for (let at = 0; at + 1 < ids.length; at += 2) this.#add(ids[at] ?? 0, ids[at + 1] ?? 0)
  }

  has(low: number, high: number): boolean {
    if (this.#isEmpty) return false
    const places = this.#places
    let place = hashId(low, high) & this.#mask
    for (; places[place * PLACE_SIZE] === this.#epoch; place = (place + 1) & this.#mask) {
      const at = place * PLACE_SIZE
      if (places[at + 1] === low && places[at + 2] === high) return true
    }
    return false
  }

  #add(low: number, high: number): void {
    const places = this.#places
    let place = hashId(low, high) & this.#mask
    while (places[place * PLACE_SIZE] === this.#epoch) place = (place + 1) & this.#mask
    places[place * PLACE_SIZE] = this.#epoch
    places[place * PLACE_SIZE + 1] = low
    places[place * PLACE_SIZE + 2] = high
  }

  #grow(places: number): void {
    const size = 2 ** Math.ceil(Math.log2(places))
    this.#places = new Int32Array(size * PLACE_SIZE)
    this.#mask = size - 1
  }
}
