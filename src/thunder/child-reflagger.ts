import { FLAGS_MASK } from './entry-head.ts'
import { HOT_HEAD, HOT_NEXT, HOT_SIZE } from './post-slots.ts'
import { flagsOf, type PostGraph } from './reply-flags.ts'
import type { Timelines } from './timelines.ts'

/** A parent whose children are told in pieces: the link to go on from. */
interface Unfinished {
  link: number
}

/**
 * Tells the children of a post that changed: writes their flags anew. A post with very many of them
 * is done in pieces, a piece a call. Until then flags in timelines may be behind, and reads, which
 * ask `isBehind`, make them themselves.
 */
export class ChildReflagger {
  readonly #graph: PostGraph
  readonly #timelines: Timelines
  readonly #perCallMax: number
  #unfinished: Unfinished[] = []

  constructor(graph: PostGraph, timelines: Timelines, perCallMax: number) {
    this.#graph = graph
    this.#timelines = timelines
    this.#perCallMax = perCallMax
  }

  /** Whether flags in timelines may be out of date. */
  get isBehind(): boolean {
    return this.#unfinished.length > 0
  }

  /** Call after a slot's state or facts have changed. */
  reflagChildren(slot: number): void {
    const first = this.#graph.links.firstChildOf(slot)
    if (first === 0) return
    const link = this.#reflagFrom(first)
    if (link !== 0) this.#unfinished.push({ link })
  }

  /** Goes on with what is unfinished, a piece of one parent; false = there is nothing left. */
  proceed(): boolean {
    const next = this.#unfinished[0]
    if (next === undefined) return false
    next.link = this.#reflagFrom(next.link)
    if (next.link === 0) this.#unfinished.shift()
    return this.isBehind
  }

  /** Call before a link is taken out of its list. */
  leave(link: number): void {
    for (const unfinished of this.#unfinished) {
      if (unfinished.link === link) unfinished.link = this.#graph.links.nextSibling(link)
    }
    this.#unfinished = this.#unfinished.filter((unfinished) => unfinished.link !== 0)
  }

  /** Reflags a piece of a list of children; returns the link after it, 0 = all done. */
  #reflagFrom(first: number): number {
    const { slots, links } = this.#graph
    let link = first
    for (let count = 0; link !== 0 && count < this.#perCallMax; count += 1) {
      this.#reflag(link >>> 1, slots.hot)
      link = links.nextSibling(link)
    }
    return link
  }

  #reflag(child: number, hot: Int32Array): void {
    const at = child * HOT_SIZE + HOT_HEAD
    const head = hot[at] ?? 0
    const reflagged = (head & ~FLAGS_MASK) | flagsOf(this.#graph, child)
    // One that is just being published is in no ring yet, and makes its flags itself.
    if (reflagged === head || hot[child * HOT_SIZE + HOT_NEXT] === 0) return
    hot[at] = reflagged
    this.#timelines.reflag(child)
  }
}
