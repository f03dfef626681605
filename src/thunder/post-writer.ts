import { toSeconds } from './entry-head.ts'
import { DELETE, PostColumns, RESTORE } from './post-columns.ts'
import { HOT_HEAD, HOT_SIZE, IS_LIVE, IS_TOMBSTONE } from './post-slots.ts'
import type { PostTable } from './post-table.ts'
import { CLOCK_SKEW_SECONDS_MAX, RETENTION_SECONDS } from './thunder.params.ts'

/**
 * What became of an event. `expired`, `ahead` and `evicted` (older than all in a full store) are
 * lost; `stale`: a newer one came before.
 */
export type StoreOutcome =
  'applied' | 'duplicate' | 'stale' | 'deleted' | 'expired' | 'ahead' | 'evicted'

/** Seconds a tombstone is kept after the deletion: the post, made before it, has expired then. */
export const TOMBSTONE_SECONDS = RETENTION_SECONDS + CLOCK_SKEW_SECONDS_MAX

const SIGN = 0x80000000 | 0

/** Decides what an event does to the table, whatever came before it and in whatever order. */
export class PostWriter {
  readonly #table: PostTable
  /** The event at hand, and the time. */
  #columns = new PostColumns(0)
  #row = 0
  #nowSeconds = 0

  constructor(table: PostTable) {
    this.#table = table
  }

  /** Applies one row of a batch at this time (epoch seconds). */
  apply(columns: PostColumns, row: number, nowSeconds: number): StoreOutcome {
    this.#columns = columns
    this.#row = row
    this.#nowSeconds = nowSeconds
    const slot = this.#knownSlot()
    switch (columns.kinds[row]) {
      case DELETE:
        return this.#delete(slot)
      case RESTORE:
        return this.#restore(slot)
      default:
        return this.#hasState(slot, IS_TOMBSTONE) ? 'deleted' : this.#put(slot)
    }
  }

  #put(known: number): StoreOutcome {
    const table = this.#table
    const seconds = this.#seconds()
    if (this.#nowSeconds - seconds > RETENTION_SECONDS) return 'expired'
    if (seconds - this.#nowSeconds > CLOCK_SKEW_SECONDS_MAX) return 'ahead'
    if (this.#hasState(known, IS_LIVE)) {
      const order = this.#compareVersions(known)
      if (order <= 0) return order < 0 ? 'stale' : 'duplicate'
      table.withdraw(known)
    } else if (table.isFull && seconds < table.posts.oldestSeconds()) {
      table.refuse()
      return 'evicted'
    }
    table.publish(known === 0 ? this.#newSlot() : known, this.#columns, this.#row)
    return 'applied'
  }

  /** Undoes a deletion; without one it adds the post. */
  #restore(slot: number): StoreOutcome {
    if (!this.#hasState(slot, IS_TOMBSTONE)) return this.#put(slot)
    if (this.#areVersioned(slot) && this.#compareVersions(slot) <= 0) return 'stale'
    this.#table.unearth(slot)
    const outcome = this.#put(slot)
    if (outcome !== 'applied') this.#table.settle(slot)
    return outcome
  }

  #delete(known: number): StoreOutcome {
    const table = this.#table
    const isKnownDeletion = this.#hasState(known, IS_TOMBSTONE)
    if (isKnownDeletion) {
      if (!this.#areVersioned(known) || this.#compareVersions(known) <= 0) return 'duplicate'
      table.unearth(known)
    } else if (this.#hasState(known, IS_LIVE)) {
      if (this.#areVersioned(known) && this.#compareVersions(known) < 0) return 'stale'
      table.withdraw(known)
    }
    const seconds = Math.min(this.#seconds(), this.#nowSeconds + CLOCK_SKEW_SECONDS_MAX)
    if (this.#nowSeconds - seconds <= TOMBSTONE_SECONDS) {
      const slot = known === 0 ? this.#newSlot() : known
      table.copyVersion(slot, this.#columns, this.#row)
      table.entomb(slot, seconds)
    } else if (known !== 0) table.settle(known)
    return isKnownDeletion ? 'duplicate' : 'applied'
  }

  /** The slot of the event's post; 0 = unknown. What has expired there goes first. */
  #knownSlot(): number {
    const { slots } = this.#table
    const { postIds } = this.#columns
    const slot = slots.find(postIds[this.#row * 2] ?? 0, postIds[this.#row * 2 + 1] ?? 0)
    const state = slots.states[slot] ?? 0
    if (state === 0) return slot
    const seconds = toSeconds(slots.hot[slot * HOT_SIZE + HOT_HEAD] ?? 0, this.#nowSeconds)
    const isTombstone = (state & IS_TOMBSTONE) !== 0
    const secondsMax = isTombstone ? TOMBSTONE_SECONDS : RETENTION_SECONDS
    if (this.#nowSeconds - seconds <= secondsMax) return slot
    if (isTombstone) this.#table.unearth(slot)
    else this.#table.withdraw(slot)
    this.#table.settle(slot)
    return slots.find(postIds[this.#row * 2] ?? 0, postIds[this.#row * 2 + 1] ?? 0)
  }

  #newSlot(): number {
    const { postIds } = this.#columns
    return this.#table.ensureSlot(postIds[this.#row * 2] ?? 0, postIds[this.#row * 2 + 1] ?? 0)
  }

  #seconds(): number {
    return Math.floor((this.#columns.atMs[this.#row] ?? 0) / 1_000)
  }

  #hasState(slot: number, state: number): boolean {
    return ((this.#table.slots.states[slot] ?? 0) & state) !== 0
  }

  /** Below 0 = the event's version is older than the slot's; unsigned 64 bits. */
  #compareVersions(slot: number): number {
    const { versionLows, versionHighs } = this.#table.slots
    const of = this.#columns.versions
    const high = (of[this.#row * 2 + 1] ?? 0) - (versionHighs[slot] ?? 0)
    if (high !== 0) return high
    return ((of[this.#row * 2] ?? 0) ^ SIGN) - ((versionLows[slot] ?? 0) ^ SIGN)
  }

  /** Versions decide over a deletion only where both events carry one. */
  #areVersioned(slot: number): boolean {
    const { versionLows, versionHighs } = this.#table.slots
    const of = this.#columns.versions
    return (
      ((of[this.#row * 2] ?? 0) | (of[this.#row * 2 + 1] ?? 0)) !== 0 &&
      ((versionLows[slot] ?? 0) | (versionHighs[slot] ?? 0)) !== 0
    )
  }
}
