import type { CatchUpProgress, PartitionLag, PartitionPosition } from '../event-log.ts'
import type { PartitionRange } from './kafka-admin.ts'

interface Progress {
  readonly start: bigint
  /** Of the next record. */
  position: bigint
  /** Caught up when the position is here. */
  target: bigint
  /** As last seen. */
  end: bigint
}

function toCount(records: bigint): number {
  return records > 0n ? Number(records) : 0
}

/** How far one reader is in every partition of its topic. */
export class PartitionProgress {
  readonly #partitions = new Map<number, Progress>()
  #isTargetSet = false

  /**
   * Begins, or begins anew: at the starts given, a partition without one at
   * its earliest record. The ends of the first call stay what the catch-up is measured by. False: a
   * start was not there (any more), and its partition begins at its earliest record instead.
   */
  begin(ranges: readonly PartitionRange[], starts: readonly PartitionPosition[]): boolean {
    let isExact = true
    const present = new Set(ranges.map(({ partition }) => partition))
    for (const partition of this.#partitions.keys()) {
      if (!present.has(partition)) this.#partitions.delete(partition)
    }
    const given = new Map(starts.map(({ partition, offset }) => [partition, offset]))
    for (const { partition, low, high } of ranges) {
      const wanted = given.get(partition) ?? low
      const start = wanted < low || wanted > high ? low : wanted
      if (start !== wanted) isExact = false
      const target = this.#partitions.get(partition)?.target ?? (this.#isTargetSet ? start : high)
      // A topic that was made anew may end before the target.
      const reachable = target > high ? high : target
      this.#partitions.set(partition, { start, position: start, target: reachable, end: high })
    }
    this.#isTargetSet = true
    return isExact
  }

  /** Of the next record; undefined for a partition that is not known yet. */
  position(partition: number): bigint | undefined {
    return this.#partitions.get(partition)?.position
  }

  /** Everything before `position` is handled. A partition that was not known begins at `first`. */
  advance(partition: number, position: bigint, first = position): void {
    const known = this.#partitions.get(partition)
    if (known === undefined) {
      this.#partitions.set(partition, { start: first, position, target: first, end: position })
    } else if (position > known.position) {
      known.position = position
      if (position > known.end) known.end = position
    }
  }

  /** Takes over where the log ends now. */
  noteEnds(ranges: readonly PartitionRange[]): void {
    for (const { partition, high } of ranges) {
      const known = this.#partitions.get(partition)
      if (known !== undefined) known.end = high
    }
  }

  /** Whether a partition no longer has the record that comes next, or never had. */
  hasGap(ranges: readonly PartitionRange[]): boolean {
    return ranges.some(({ partition, low, high }) => {
      const position = this.position(partition)
      return position !== undefined && (position < low || position > high)
    })
  }

  /** Whether everything below these ends is handled. */
  covers(ranges: readonly PartitionRange[]): boolean {
    return ranges.every(({ partition, low, high }) => {
      const position = this.position(partition)
      return position === undefined ? low === high : position >= high
    })
  }

  get isCaughtUp(): boolean {
    return this.#isTargetSet && this.#all.every(({ position, target }) => position >= target)
  }

  catchUp(): CatchUpProgress {
    const sum = (read: (progress: Progress) => bigint) =>
      this.#all.reduce((total, progress) => total + toCount(read(progress)), 0)
    const total = sum(({ start, target }) => target - start)
    return { done: total - sum(({ position, target }) => target - position), total }
  }

  lag(): readonly PartitionLag[] {
    return [...this.#partitions]
      .map(([partition, { position, end }]) => ({ partition, records: toCount(end - position) }))
      .toSorted((a, b) => a.partition - b.partition)
  }

  get #all(): readonly Progress[] {
    return [...this.#partitions.values()]
  }
}
