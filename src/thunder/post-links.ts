/** Ints of one link: 16 bytes. */
const LINK_SIZE = 4
const LINK_PARENT = 0
const LINK_NEXT = 1
const LINK_PREVIOUS = 2
const LINK_USER = 3

/** A slot's links: the first one, and the second for a post that is both reply and repost. */
export const FIRST_LINK = 0
export const SECOND_LINK = 1

/**
 * Which post answers or reposts which: a post's link names its parent's slot and the parent's
 * author, and stands in a doubly linked list of all that refer to the same parent. A parent that
 * changes finds its children by it. Links are numbered slot · 2 + which; 0 = none. The second
 * links' array is touched by hardly anybody and so takes no memory.
 */
export class PostLinks {
  readonly #links: readonly [Int32Array, Int32Array]
  readonly #firstChildren: Int32Array

  constructor(capacity: number) {
    const size = (capacity + 1) * LINK_SIZE
    this.#links = [new Int32Array(size), new Int32Array(size)]
    this.#firstChildren = new Int32Array(capacity + 1)
  }

  /** The slot that a link leads to; 0 = none. */
  parentOf(slot: number, which: number): number {
    return this.#read(slot * 2 + which, LINK_PARENT)
  }

  /** The user (dense) that a link names; 0 = none. */
  userOf(slot: number, which: number): number {
    return this.#read(slot * 2 + which, LINK_USER)
  }

  setUser(link: number, user: number): void {
    this.#write(link, LINK_USER, user)
  }

  /** The first link to a slot; 0 = nothing refers to it. */
  firstChildOf(slot: number): number {
    return this.#firstChildren[slot] ?? 0
  }

  /** The link after this one among those to the same parent; 0 = the last. */
  nextSibling(link: number): number {
    return this.#read(link, LINK_NEXT)
  }

  attach(link: number, parent: number): void {
    const next = this.#firstChildren[parent] ?? 0
    this.#write(link, LINK_PARENT, parent)
    this.#write(link, LINK_NEXT, next)
    this.#write(link, LINK_PREVIOUS, 0)
    if (next !== 0) this.#write(next, LINK_PREVIOUS, link)
    this.#firstChildren[parent] = link
  }

  /** Clears a link; returns the slot it led to, 0 = none. */
  detach(link: number): number {
    const parent = this.#read(link, LINK_PARENT)
    this.#write(link, LINK_USER, 0)
    if (parent === 0) return 0
    const next = this.#read(link, LINK_NEXT)
    const previous = this.#read(link, LINK_PREVIOUS)
    if (next !== 0) this.#write(next, LINK_PREVIOUS, previous)
    if (previous === 0) this.#firstChildren[parent] = next
    else this.#write(previous, LINK_NEXT, next)
    this.#write(link, LINK_PARENT, 0)
    return parent
  }

  #read(link: number, field: number): number {
    return this.#links[(link & 1) as 0 | 1][(link >>> 1) * LINK_SIZE + field] ?? 0
  }

  #write(link: number, field: number, value: number): void {
    this.#links[(link & 1) as 0 | 1][(link >>> 1) * LINK_SIZE + field] = value
  }
}
