import { describe, expect, it } from 'vitest'
import { PartitionProgress } from '../../../src/events/kafka/partition-progress.ts'

const range = (partition: number, low: number, high: number) => ({
  partition,
  low: BigInt(low),
  high: BigInt(high),
})

describe('the progress through partitions', () => {
  it('is caught up when every partition is where it ended at the start', () => {
    const progress = new PartitionProgress()
    expect(progress.isCaughtUp).toBe(false)
    expect(progress.begin([range(0, 2, 5), range(1, 0, 0)], [])).toBe(true)
    expect(progress.position(0)).toBe(2n)
    expect(progress.catchUp()).toEqual({ done: 0, total: 3 })
    progress.advance(0, 4n)
    expect(progress.isCaughtUp).toBe(false)
    progress.noteEnds([range(0, 2, 9), range(1, 0, 1)])
    expect(progress.lag()).toEqual([
      { partition: 0, records: 5 },
      { partition: 1, records: 1 },
    ])
    progress.advance(0, 5n)
    expect(progress.isCaughtUp).toBe(true)
    expect(progress.catchUp()).toEqual({ done: 3, total: 3 })
  })

  it('never goes back, and takes in a partition that it did not know', () => {
    const progress = new PartitionProgress()
    progress.begin([range(0, 0, 5)], [{ partition: 0, offset: 3n }])
    progress.advance(0, 2n)
    expect(progress.position(0)).toBe(3n)
    expect(progress.covers([range(0, 0, 3), range(1, 0, 2)])).toBe(false)
    progress.advance(1, 2n, 0n)
    expect(progress.covers([range(0, 0, 3), range(1, 0, 2)])).toBe(true)
  })

  it('knows a record that is gone, and one that never was', () => {
    const progress = new PartitionProgress()
    progress.begin([range(0, 0, 9)], [{ partition: 0, offset: 4n }])
    expect(progress.hasGap([range(0, 4, 9)])).toBe(false)
    expect(progress.hasGap([range(0, 5, 9)])).toBe(true)
    expect(progress.hasGap([range(0, 0, 3)])).toBe(true)
  })

  it('begins at the earliest where its start is not there, and forgets what went', () => {
    const progress = new PartitionProgress()
    progress.begin([range(0, 0, 9), range(1, 0, 9)], [])
    const starts = [{ partition: 0, offset: 8n }]
    expect(progress.begin([range(0, 1, 4)], starts)).toBe(false)
    expect(progress.position(0)).toBe(1n)
    progress.advance(0, 4n)
    // The new topic ends before the old one did, and has one partition less.
    expect(progress.isCaughtUp).toBe(true)
  })
})
