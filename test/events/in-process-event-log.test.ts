import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEvent, decodeEvent } from '../../src/events/event-codec.ts'
import type { ConsumedRecord, EventRecord, Topic } from '../../src/events/event-log.ts'
import {
  InProcessEventLog,
  type InProcessEventLogOptions,
} from '../../src/events/in-process-event-log.ts'
import type { OutboxReader } from '../../src/events/outbox-reader.ts'
import { createOutboxReader, createOutboxWriter, writeOutbox } from '../../src/store/outbox.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'

const NOW_MS = 1_780_000_000_000
/** Long enough for a test to fail when it should have been woken instead. */
const NEVER_MS = 600_000

function deletion(postId: number, options: { topic?: Topic; atMs?: number } = {}): EventRecord {
  const { topic = 'posts', atMs = NOW_MS } = options
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(atMs) }
  return { topic, key: '7', event: createEvent({ $case: 'postDeleted', value }, atMs, 0n) }
}

function postIdOf({ value }: ConsumedRecord): number {
  const { payload } = decodeEvent(value)
  return payload.$case === 'postDeleted' ? Number(payload.value.postId) : 0
}

describe('the in-process event log', () => {
  let opened: TestDatabase
  let reader: OutboxReader
  const logs: InProcessEventLog[] = []

  function createLog(options: Partial<InProcessEventLogOptions> = {}): InProcessEventLog {
    const writer = createOutboxWriter(opened.database, () => NOW_MS)
    const backoff = { firstMs: 1, longestMs: 4 }
    const log = new InProcessEventLog({
      reader,
      writer,
      pollIntervalMs: NEVER_MS,
      backoff,
      ...options,
    })
    logs.push(log)
    return log
  }

  beforeAll(async () => {
    opened = await openTestDatabase('pglite')
    reader = createOutboxReader(opened.database)
  })
  beforeEach(() => opened.database.kysely.deleteFrom('outbox').execute())
  afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())))
  afterAll(() => opened.close())

  it('gives a topic its records in order, and says when it has caught up', async () => {
    const log = createLog({ rowsPerRead: 2 })
    await log.publish([deletion(1), deletion(2, { topic: 'engagements' }), deletion(3)])
    await log.publish([deletion(4)])
    const got: ConsumedRecord[] = []
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, async (batch) => {
      got.push(...batch)
    })
    await subscription.caughtUp
    expect(got.map(postIdOf)).toEqual([1, 3, 4])
    expect(got.map(({ key, partition }) => `${key} ${partition}`)).toEqual(['7 0', '7 0', '7 0'])
    expect(subscription.progress()).toEqual({ done: 4, total: 4 })
    expect((got.at(-1)?.offset ?? 0n) + 1n).toBe((await log.endPositions())[0]?.offset)
  })

  it('starts at the first record that is not older than asked for', async () => {
    const log = createLog()
    await log.publish([1, 2, 3].map((id) => deletion(id, { atMs: NOW_MS + id })))
    const got: number[] = []
    const start = { kind: 'since', sinceMs: NOW_MS + 2 } as const
    const subscription = await log.subscribe('posts', start, async (batch) => {
      got.push(...batch.map(postIdOf))
    })
    await subscription.caughtUp
    expect(got).toEqual([2, 3])
  })

  it('hands a rejected batch over again before the next one, and counts', async () => {
    const log = createLog({ rowsPerRead: 1 })
    await log.publish([deletion(1), deletion(2)])
    const seen: number[] = []
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, async (batch) => {
      seen.push(...batch.map(postIdOf))
      if (seen.length < 3) throw new Error('not yet')
    })
    await subscription.caughtUp
    expect(seen).toEqual([1, 1, 1, 2])
    expect(subscription.failures()).toMatchObject({ batches: 2, reads: 0 })
    expect(subscription.failures().lastError).toEqual(new Error('not yet'))
  })

  it('reads on after reads that failed, losing nothing', async () => {
    let failuresLeft = 3
    const failing: OutboxReader = {
      ...reader,
      async read(after, limit) {
        failuresLeft -= 1
        if (failuresLeft >= 0) throw new Error('the database is away')
        return reader.read(after, limit)
      },
    }
    const log = createLog({ reader: failing })
    await log.publish([deletion(1)])
    const got: number[] = []
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, async (batch) => {
      got.push(...batch.map(postIdOf))
    })
    await subscription.caughtUp
    expect(got).toEqual([1])
    expect(subscription.failures().reads).toBe(3)
  })

  it('is woken by publish and by notify, and else looks by itself', async () => {
    const got: number[] = []
    const handle = async (batch: readonly ConsumedRecord[]) => {
      got.push(...batch.map(postIdOf))
    }
    const log = createLog()
    await (
      await log.subscribe('posts', { kind: 'earliest' }, handle)
    ).caughtUp
    await log.publish([deletion(1)])
    await waitFor(() => got.length === 1, { what: 'record 1', everyMs: 2 })
    await writeOutbox(opened.database.kysely, [deletion(2)], NOW_MS)
    log.notify()
    await waitFor(() => got.length === 2, { what: 'record 2', everyMs: 2 })
    await log.close()

    const polling = createLog({ pollIntervalMs: 5 })
    got.length = 0
    await (
      await polling.subscribe('posts', { kind: 'earliest' }, handle)
    ).caughtUp
    await writeOutbox(opened.database.kysely, [deletion(3)], NOW_MS)
    await waitFor(() => got.length === 3, { what: 'record 3', everyMs: 2 })
    expect(got).toEqual([1, 2, 3])
  })

  it('is caught up at once when there is nothing to read', async () => {
    const log = createLog()
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, async () => {})
    await subscription.caughtUp
    expect(subscription.progress()).toEqual({ done: 0, total: 0 })
  })

  it('closes within its bound while a handler hangs; the catch-up then rejects', async () => {
    const log = createLog({ closeTimeoutMs: 20 })
    await log.publish([deletion(1)])
    let isHanging = false
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, () => {
      isHanging = true
      return new Promise(() => undefined)
    })
    await waitFor(() => isHanging, { what: 'the handler', everyMs: 2 })
    await log.close()
    await expect(subscription.caughtUp).rejects.toThrow('the posts subscription was closed')
    await expect(log.publish([deletion(2)])).rejects.toThrow('the event log is closed')
  })

  it('lets a running batch end before close resolves, and starts no other', async () => {
    const log = createLog({ rowsPerRead: 1 })
    await log.publish([deletion(1), deletion(2)])
    const ended: number[] = []
    let goOn: (() => void) | null = null as (() => void) | null
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, async (batch) => {
      await new Promise<void>((resolve) => (goOn = resolve))
      ended.push(...batch.map(postIdOf))
    })
    const go = await waitFor(() => goOn, { what: 'the handler', everyMs: 2 })
    const closing = subscription.close()
    go()
    await closing
    expect(ended).toEqual([1])
  })
})
