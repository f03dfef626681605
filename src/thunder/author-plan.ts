import { ROW_FIRST, ROW_LENGTH, ROW_NEWEST, ROW_SIZE } from './author-table.ts'
import { ENTRY_HIGH, ENTRY_LOW, ENTRY_SIZE, ENTRY_SLOT } from './block-arena.ts'
import {
  CONDITIONAL,
  FLAG_REPOST,
  FLAG_SECONDARY,
  FLAG_VIDEO,
  FLAGS_MASK,
  HIDDEN,
  NEVER,
  toHead,
  VERDICT_MASK,
} from './entry-head.ts'
import { NewestCandidates } from './newest-candidates.ts'
import { FIRST_LINK } from './post-links.ts'
import type { PostTable } from './post-table.ts'
import type { ReadScope } from './read-scope.ts'
import { flagsOf, repostLinkOf } from './reply-flags.ts'
import {
  AUTHORS_PER_REQUEST_MAX,
  ORIGINALS_PER_AUTHOR_MAX,
  SCANNED_PER_AUTHOR_MAX,
  SECONDARY_PER_AUTHOR_MAX,
  VIDEOS_PER_AUTHOR_MAX,
} from './thunder.params.ts'

const CANDIDATES_MAX =
  AUTHORS_PER_REQUEST_MAX *
  Math.max(ORIGINALS_PER_AUTHOR_MAX + SECONDARY_PER_AUTHOR_MAX, VIDEOS_PER_AUTHOR_MAX)

/**
 * The plan that goes author by author: those whose newest post is older than a threshold cost one
 * look at their row, of the others the entries down to the threshold are collected, under their
 * caps, exactly as a read without a threshold would take them first.
 */
export class AuthorPlan {
  readonly candidates = new NewestCandidates(CANDIDATES_MAX)
  readonly #table: PostTable
  readonly #scope: ReadScope
  readonly #touched = new Int32Array(AUTHORS_PER_REQUEST_MAX)
  #thresholdHead = 0

  constructor(table: PostTable, scope: ReadScope) {
    this.#table = table
    this.#scope = scope
  }

  /** Collects what is not older than a second into `candidates`. */
  collect(follows: Int32Array, thresholdSeconds: number, kind: 'posts' | 'videos'): void {
    const { rows } = this.#table.authors
    const threshold = toHead(thresholdSeconds)
    const touched = this.#touched
    let count = 0
    for (let at = 0; at < follows.length; at += 1) {
      const row = (follows[at] ?? 0) * ROW_SIZE
      if ((((rows[row + ROW_NEWEST] ?? 0) - threshold) | 0) < 0) continue
      if (rows[row + ROW_LENGTH] === 0) continue
      touched[count] = row
      count += 1
    }
    this.#thresholdHead = threshold
    this.candidates.count = 0
    for (let at = 0; at < count; at += 1) {
      if (kind === 'posts') this.#collectPosts(touched[at] ?? 0)
      else this.#collectVideos(touched[at] ?? 0)
    }
  }

  #collectPosts(row: number): void {
    const { exclusions } = this.#scope
    const { isBehind } = this.#table
    const { entries } = this.#table.timelines
    const { rows } = this.#table.authors
    const threshold = this.#thresholdHead
    const end = (rows[row + ROW_FIRST] ?? 0) * ENTRY_SIZE
    let originals = ORIGINALS_PER_AUTHOR_MAX
    let secondary = SECONDARY_PER_AUTHOR_MAX
    let scans = SCANNED_PER_AUTHOR_MAX
    let at = end + ((rows[row + ROW_LENGTH] ?? 0) - 1) * ENTRY_SIZE
    for (; at >= end; at -= ENTRY_SIZE) {
      let head = entries[at] ?? 0
      if (((head - threshold) | 0) < 0) break
      if (isBehind) head = this.#headNow(at)
      const isSecondary = (head & FLAG_SECONDARY) !== 0
      if ((isSecondary ? secondary : originals) === 0) {
        if (secondary + originals === 0) break
        continue
      }
      if ((head & VERDICT_MASK) === HIDDEN) continue
      if (exclusions.has(entries[at + ENTRY_LOW] ?? 0, entries[at + ENTRY_HIGH] ?? 0)) continue
      if (!isSecondary) originals -= 1
      else if (scans === 0) {
        secondary = 0
        continue
      } else {
        scans -= 1
        if (!this.#isWanted(head, entries[at + ENTRY_SLOT] ?? 0)) continue
        secondary -= 1
      }
      this.#take(at)
    }
  }

  #collectVideos(row: number): void {
    const { exclusions } = this.#scope
    const { isBehind } = this.#table
    const { entries } = this.#table.timelines
    const { rows } = this.#table.authors
    const end = (rows[row + ROW_FIRST] ?? 0) * ENTRY_SIZE
    let videos = VIDEOS_PER_AUTHOR_MAX
    let scans = SCANNED_PER_AUTHOR_MAX
    let at = end + ((rows[row + ROW_LENGTH] ?? 0) - 1) * ENTRY_SIZE
    for (; at >= end && videos > 0; at -= ENTRY_SIZE) {
      let head = entries[at] ?? 0
      if (((head - this.#thresholdHead) | 0) < 0) break
      if (isBehind) head = this.#headNow(at)
      if ((head & FLAG_VIDEO) === 0 || (head & VERDICT_MASK) === HIDDEN) continue
      if (exclusions.has(entries[at + ENTRY_LOW] ?? 0, entries[at + ENTRY_HIGH] ?? 0)) continue
      if (scans === 0) break
      scans -= 1
      if (!this.#isWanted(head, entries[at + ENTRY_SLOT] ?? 0)) continue
      videos -= 1
      this.#take(at)
    }
  }

  /** An entry's head with the flags it should have. */
  #headNow(at: number): number {
    const { entries } = this.#table.timelines
    const second = (entries[at] ?? 0) & ~FLAGS_MASK
    return second | flagsOf(this.#table, entries[at + ENTRY_SLOT] ?? 0)
  }

  /** Whether the reply rule and the viewer let a secondary entry or a video through. */
  #isWanted(head: number, slot: number): boolean {
    const { links, slots, authors } = this.#table
    const verdict = head & VERDICT_MASK
    if (verdict === NEVER) return false
    if ((head & FLAG_REPOST) !== 0) {
      const { viewer } = this.#scope
      const link = repostLinkOf(slots.states[slot] ?? 0)
      if (viewer !== 0 && links.userOf(slot, link) === viewer) return false
    }
    if (verdict !== CONDITIONAL) return true
    return authors.stamps[links.userOf(slot, FIRST_LINK) * 2] === this.#scope.stamp
  }

  #take(at: number): void {
    const { entries } = this.#table.timelines
    const { candidates } = this
    const to = candidates.count * ENTRY_SIZE
    candidates.entries[to] = entries[at] ?? 0
    candidates.entries[to + 1] = entries[at + 1] ?? 0
    candidates.entries[to + 2] = entries[at + 2] ?? 0
    candidates.entries[to + 3] = entries[at + 3] ?? 0
    candidates.count += 1
  }
}
