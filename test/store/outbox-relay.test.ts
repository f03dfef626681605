import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createEvent, decodeEvent } from '../../src/events/event-codec.ts'
import { encodeRecord } from '../../src/events/encode-record.ts'
import type { EncodedRecord, EventRecord, LogRecord } from '../../src/events/event-log.ts'
import type { Database } from '../../src/store/database.ts'
import { OutboxRelay, type OutboxRelayOptions } from '../../src/store/outbox-relay.ts'
import { OUTBOX_KEPT_MS, purgeOutbox, writeOutbox } from '../../src/store/outbox.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'

const NOW_MS = 1_780_000_000_000

function deletion(postId: number): EventRecord {
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(NOW_MS) }
  return {
    topic: 'posts',
    key: '7',
    event: createEvent({ $case: 'postDeleted', value }, NOW_MS, 1n),
  }
}

function postIdOf({ value }: EncodedRecord): number {
  const { payload } = decodeEvent(value)
  if (payload.$case === 'deadLetter') return -Number(payload.value.offset > 0n)
  return payload.$case === 'postDeleted' ? Number(payload.value.postId) : 0
}

class RefusalError extends Error {}

/** A log that only writes down what it gets; `judge` may throw. */
function recordingLog(judge: (ids: readonly number[]) => void = () => undefined) {
  const published: number[] = []
  return {
    published,
    async publish(records: readonly LogRecord[]) {
      const ids = records.map(encodeRecord).map(postIdOf)
      judge(ids)
      published.push(...ids)
    },
  }
}

describeEngines('the outbox relay', (engine) => {
  let opened: TestDatabase
  let database: Database
  const relays: OutboxRelay[] = []

  function startRelay(options: Pick<OutboxRelayOptions, 'log'> & Partial<OutboxRelayOptions>) {
    const relay = new OutboxRelay({
      database,
      nowMs: () => NOW_MS,
      isRefusal: (error) => error instanceof RefusalError,
      pollIntervalMs: 10,
      backoff: { firstMs: 1, longestMs: 4 },
      ...options,
    })
    relays.push(relay)
    return relay
  }

  const write = (...ids: number[]) => writeOutbox(database.kysely, ids.map(deletion), NOW_MS)

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  beforeEach(async () => {
    await database.kysely.deleteFrom('outbox').execute()
    await database.kysely.deleteFrom('log_positions').execute()
  })
  afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.close())))
  afterAll(() => opened.close())

  it('publishes what is there and what comes, in order, and goes on where it was', async () => {
    await write(1, 2, 3)
    const log = recordingLog()
    const relay = startRelay({ log, rowsPerRead: 2 })
    await relay.started
    expect(log.published).toEqual([1, 2, 3])
    await write(4)
    relay.notify()
    await waitFor(() => log.published.length === 4, { what: 'post 4' })
    await relay.close()
    await write(5)
    const later = recordingLog()
    const next = startRelay({ log: later })
    await next.started
    expect(later.published).toEqual([5])
    expect(next.stats()).toMatchObject({ isLeader: true, published: 1, failures: 0 })
  })

  it('publishes again what it does not know to be there', async () => {
    await write(1, 2)
    let failuresLeft = 2
    const log = recordingLog(() => {
      failuresLeft -= 1
      if (failuresLeft >= 0) throw new Error('no broker')
    })
    const relay = startRelay({ log })
    await relay.started
    expect(log.published).toEqual([1, 2])
    expect(relay.stats()).toMatchObject({ failures: 2, published: 2 })
  })

  it('buries a row that the log will never take, and goes on', async () => {
    await write(1, 2, 3)
    const log = recordingLog((ids) => {
      if (ids.includes(2)) throw new RefusalError('too large')
    })
    const relay = startRelay({ log })
    await relay.started
    expect(log.published).toEqual([1, -1, 3])
    expect(relay.stats()).toMatchObject({ refused: 1, failures: 0 })
  })

  it('keeps old rows until they are published', async () => {
    await writeOutbox(database.kysely, [deletion(1)], NOW_MS - OUTBOX_KEPT_MS - 1)
    expect(await purgeOutbox(database, NOW_MS, 0n)).toBe(0)
    const relay = startRelay({ log: recordingLog() })
    await relay.started
    expect(await purgeOutbox(database, NOW_MS, relay.stats().position)).toBe(1)
  })

  // PGlite has one session, and a lock is no obstacle to its holder.
  // oxlint-disable-next-line vitest/no-conditional-tests
  if (engine === 'pglite') return
  it('works in one process of all, and passes on', async () => {
    const [first, second] = [recordingLog(), recordingLog()]
    const leader = startRelay({ log: first })
    await waitFor(() => leader.stats().isLeader, { what: 'a leader' })
    const follower = startRelay({ log: second })
    await follower.started
    await write(1, 2)
    await waitFor(() => first.published.length === 2, { what: 'both rows' })
    expect(second.published).toEqual([])
    await leader.close()
    await waitFor(() => follower.stats().isLeader, { what: 'the other to lead' })
    await write(3)
    await waitFor(() => second.published.length === 1, { what: 'row 3' })
    expect(second.published).toEqual([3])
  })
})
