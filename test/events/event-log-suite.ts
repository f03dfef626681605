// The tests of the interface; each implementation runs them.
/* oxlint-disable vitest/valid-title, vitest/require-top-level-describe */
import { afterEach, describe, expect, it } from 'vitest'
import { createEvent, decodeEvent } from '../../src/events/event-codec.ts'
import { encodeRecord } from '../../src/events/encode-record.ts'
import type { ConsumedRecord, EventLog, EventRecord, Topic } from '../../src/events/event-log.ts'
import { waitFor } from '../wait-for.ts'

export const NOW_MS = 1_780_000_000_000

export function deletionRecord(
  postId: number,
  options: { readonly topic?: Topic; readonly atMs?: number; readonly key?: string } = {},
): EventRecord {
  const { topic = 'posts', atMs = NOW_MS, key = '7' } = options
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(atMs) }
  return { topic, key, event: createEvent({ $case: 'postDeleted', value }, atMs, 0n) }
}

export function postIdOf({ value }: Pick<ConsumedRecord, 'value'>): number {
  const { payload } = decodeEvent(value)
  return payload.$case === 'postDeleted' ? Number(payload.value.postId) : 0
}

/** A list of post ids and the handler that fills it. */
export function collector() {
  const got: ConsumedRecord[] = []
  return {
    got,
    ids: () => got.map(postIdOf),
    handle: async (batch: readonly ConsumedRecord[]) => {
      got.push(...batch)
    },
  }
}

/** `createLog` answers a log with nothing in it; the suite closes it. */
export function describeEventLog(name: string, createLog: () => Promise<EventLog>): void {
  describe(name, () => {
    const logs: EventLog[] = []
    const openLog = async () => {
      const log = await createLog()
      logs.push(log)
      return log
    }
    afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())))

    it('gives a topic its records in the order of their key, and follows it', async () => {
      const log = await openLog()
      await log.publish([
        deletionRecord(1),
        deletionRecord(2, { topic: 'engagements' }),
        deletionRecord(3),
      ])
      const { got, ids, handle } = collector()
      const subscription = await log.subscribe('posts', { kind: 'earliest' }, handle)
      await subscription.caughtUp
      expect(ids()).toEqual([1, 3])
      await log.publish([deletionRecord(4), deletionRecord(5)])
      await waitFor(() => got.length === 4, { what: 'records 4 and 5', everyMs: 5 })
      expect(ids()).toEqual([1, 3, 4, 5])
      expect(new Set(got.map(({ key }) => key))).toEqual(new Set(['7']))
      const { done, total } = subscription.progress()
      expect(done).toBe(total)
    })

    it('is caught up at once with a topic that is empty', async () => {
      const log = await openLog()
      const subscription = await log.subscribe('posts', { kind: 'earliest' }, async () => {})
      await subscription.caughtUp
      expect(subscription.progress()).toEqual({ done: 0, total: 0 })
      // At once, or a quiet log would look stale at the start.
      expect(subscription.upToDateAtMs()).toBeGreaterThan(0)
      expect(subscription.lag().every(({ records }) => records === 0)).toBe(true)
    })

    it('starts at the first record that is not older than asked for', async () => {
      const log = await openLog()
      await log.publish([1, 2, 3].map((id) => deletionRecord(id, { atMs: NOW_MS + id })))
      const { ids, handle } = collector()
      const start = { kind: 'since', sinceMs: NOW_MS + 2 } as const
      await (
        await log.subscribe('posts', start, handle)
      ).caughtUp
      expect(ids()).toEqual([2, 3])
    })

    it('starts at positions: at the end, and after a record', async () => {
      const log = await openLog()
      await log.publish([deletionRecord(1), deletionRecord(2)])
      const end = await log.endPositions('posts')
      await log.publish([deletionRecord(3), deletionRecord(4)])
      const all = collector()
      await (
        await log.subscribe('posts', { kind: 'earliest' }, all.handle)
      ).caughtUp
      const fromEnd = collector()
      await (
        await log.subscribe('posts', { kind: 'positions', positions: end }, fromEnd.handle)
      ).caughtUp
      expect(fromEnd.ids()).toEqual([3, 4])
      const { partition, offset } = all.got[0]!
      const positions = [{ partition, offset: offset + 1n }]
      const after = collector()
      await (
        await log.subscribe('posts', { kind: 'positions', positions }, after.handle)
      ).caughtUp
      expect(after.ids()).toEqual([2, 3, 4])
    })

    it('takes records that are bytes already, and gives them back as they are', async () => {
      const log = await openLog()
      const value = Uint8Array.of(0xff, 0xfe)
      await log.publish([
        { topic: 'posts', key: 'k', value, occurredAtMs: NOW_MS },
        encodeRecord(deletionRecord(2)),
      ])
      const { got, handle } = collector()
      await (
        await log.subscribe('posts', { kind: 'earliest' }, handle)
      ).caughtUp
      const poison = got.find(({ key }) => key === 'k')
      expect(Uint8Array.from(poison?.value ?? [])).toEqual(value)
      expect(got).toHaveLength(2)
    })

    it('hands a rejected batch over again before the next one, and counts', async () => {
      const log = await openLog()
      await log.publish([deletionRecord(1)])
      const seen: number[] = []
      const subscription = await log.subscribe('posts', { kind: 'earliest' }, async (batch) => {
        seen.push(...batch.map(postIdOf))
        if (seen.length < 3) throw new Error('not yet')
      })
      await subscription.caughtUp
      expect(seen).toEqual([1, 1, 1])
      expect(subscription.failures()).toMatchObject({ batches: 2, gaps: 0 })
    })

    it('closes while a handler hangs; the catch-up then rejects, and publish too', async () => {
      const log = await openLog()
      await log.publish([deletionRecord(1)])
      let isHanging = false
      const subscription = await log.subscribe('posts', { kind: 'earliest' }, () => {
        isHanging = true
        return new Promise(() => undefined)
      })
      await waitFor(() => isHanging, { what: 'the handler', everyMs: 5 })
      await log.close()
      await expect(subscription.caughtUp).rejects.toThrow('the posts subscription was closed')
      await expect(log.publish([deletionRecord(2)])).rejects.toThrow('the event log is closed')
    })
  })
}
