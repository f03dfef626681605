import {
  CONDITIONAL,
  FLAG_REPOST,
  FLAG_SECONDARY,
  HIDDEN,
  NEVER,
  VERDICT_MASK,
} from './entry-head.ts'
import { FIRST_LINK } from './post-links.ts'
import { HOT_AUTHOR, HOT_HEAD, HOT_NEXT, HOT_SIZE } from './post-slots.ts'
import type { PostTable } from './post-table.ts'
import type { ReadScope } from './read-scope.ts'
import { flagsOf, repostLinkOf } from './reply-flags.ts'
import { RING_SECONDS } from './second-ring.ts'
import {
  ORIGINALS_PER_AUTHOR_MAX,
  SCANNED_PER_AUTHOR_MAX,
  SECONDARY_PER_AUTHOR_MAX,
} from './thunder.params.ts'

/** Followed posts of one second that the plan can sort; the other plan takes the read beyond. */
const GROUP_MAX = 64
const RING_MASK = RING_SECONDS - 1
const UNSIGNED = 0x80000000 | 0

/** What an author gave so far, in one int: originals, secondary ones, secondary ones scanned. */
const ONE_ORIGINAL = 1
const ORIGINALS_MASK = 0xff
const ONE_SECONDARY = 0x100
const SECONDARY_MASK = 0xff00
const ONE_SCAN = 0x10000

/**
 * The plan that goes second by second through all posts, newest first, and keeps those whose author
 * is stamped, until there are enough. It finds them in order, so nothing is sorted but the posts of
 * one second. Good when a large share of all posts is followed.
 */
export class GlobalPlan {
  readonly #table: PostTable
  readonly #scope: ReadScope
  readonly #group = new Int32Array(GROUP_MAX)
  #groupSize = 0
  /** Posts that the last read walked over. */
  walked = 0

  constructor(table: PostTable, scope: ReadScope) {
    this.#table = table
    this.#scope = scope
  }

  /**
   * Writes the newest posts of the stamped authors into `into`; returns how many. -1 = gave up:
   * more steps than allowed, or too many followed posts in one second.
   */
  read(into: Int32Array, stepsMax: number): number {
    const { firsts, newestSeconds } = this.#table.posts
    const { oldestSeconds, resultsMax } = this.#scope
    let found = 0
    this.walked = 0
    for (let second = newestSeconds; second >= oldestSeconds; second -= 1) {
      const first = firsts[second & RING_MASK] ?? 0
      if (first === 0) continue
      if (!this.#gather(first) || this.walked > stepsMax) return -1
      if (this.#groupSize > 1) this.#sortGroup()
      for (let at = 0; at < this.#groupSize; at += 1) {
        const slot = this.#group[at] ?? 0
        if (!this.#isWanted(slot)) continue
        into[found] = slot
        found += 1
        if (found === resultsMax) return found
      }
    }
    return found
  }

  /** Puts the followed posts of a second into the group. False = they do not fit. */
  #gather(first: number): boolean {
    const { hot } = this.#table.slots
    const { stamps } = this.#table.authors
    const { stamp } = this.#scope
    const group = this.#group
    let size = 0
    let slot = first
    let walked = 0
    do {
      const at = slot * HOT_SIZE
      if (stamps[(hot[at + HOT_AUTHOR] ?? 0) * 2] === stamp) {
        if (size === GROUP_MAX) return false
        group[size] = slot
        size += 1
      }
      walked += 1
      slot = hot[at + HOT_NEXT] ?? 0
    } while (slot !== first)
    this.#groupSize = size
    this.walked += walked
    return true
  }

  #sortGroup(): void {
    const group = this.#group
    const { ids } = this.#table.slots
    for (let at = 1; at < this.#groupSize; at += 1) {
      const slot = group[at] ?? 0
      const high = ids[slot * 2 + 1] ?? 0
      const low = (ids[slot * 2] ?? 0) ^ UNSIGNED
      let place = at
      for (; place > 0; place -= 1) {
        const other = group[place - 1] ?? 0
        const otherHigh = ids[other * 2 + 1] ?? 0
        if (otherHigh > high) break
        if (otherHigh === high && ((ids[other * 2] ?? 0) ^ UNSIGNED) > low) break
        group[place] = other
      }
      group[place] = slot
    }
  }

  /** The same tests, caps included, in the same order as the author plan's. */
  #isWanted(slot: number): boolean {
    const { slots, links, authors } = this.#table
    const { isBehind } = this.#table
    const head = isBehind
      ? flagsOf(this.#table, slot)
      : (slots.hot[slot * HOT_SIZE + HOT_HEAD] ?? 0)
    const verdict = head & VERDICT_MASK
    if (verdict === HIDDEN) return false
    const counts = (slots.hot[slot * HOT_SIZE + HOT_AUTHOR] ?? 0) * 2 + 1
    const taken = authors.stamps[counts] ?? 0
    if (this.#scope.exclusions.has(slots.ids[slot * 2] ?? 0, slots.ids[slot * 2 + 1] ?? 0)) {
      return false
    }
    if ((head & FLAG_SECONDARY) === 0) {
      if ((taken & ORIGINALS_MASK) === ORIGINALS_PER_AUTHOR_MAX) return false
      authors.stamps[counts] = taken + ONE_ORIGINAL
      return true
    }
    if ((taken & SECONDARY_MASK) === SECONDARY_PER_AUTHOR_MAX * ONE_SECONDARY) return false
    if (taken >= SCANNED_PER_AUTHOR_MAX * ONE_SCAN) return false
    authors.stamps[counts] = taken + ONE_SCAN
    if (verdict === NEVER) return false
    if ((head & FLAG_REPOST) !== 0) {
      const { viewer } = this.#scope
      const link = repostLinkOf(slots.states[slot] ?? 0)
      if (viewer !== 0 && links.userOf(slot, link) === viewer) return false
    }
    if (verdict === CONDITIONAL) {
      const answered = links.userOf(slot, FIRST_LINK)
      if (authors.stamps[answered * 2] !== this.#scope.stamp) return false
    }
    authors.stamps[counts] = taken + ONE_SCAN + ONE_SECONDARY
    return true
  }
}
