import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEvent, decodeEvent, type EventPayload } from '../../src/events/event-codec.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import type { OutboxReader } from '../../src/events/outbox-reader.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { catchUp } from '../../src/thunder/catch-up.ts'
import { startPostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { Retention } from '../../src/thunder/retention.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'
import { NOW_SECONDS, recentPostsRequest, storedPost } from './stored-post-fixture.ts'

const NOW_MS = NOW_SECONDS * 1_000
const nowMs = () => NOW_MS

function record(payload: EventPayload, atMs = NOW_MS): EventRecord {
  return { topic: 'posts', key: '7', event: createEvent(payload, atMs, BigInt(atMs)) }
}

function creation(postId: number, ageMs = 1_000): EventRecord {
  const createdAtMs = NOW_MS - ageMs
  const post = PostFacts.fromPartial({
    postId: BigInt(postId),
    authorId: 7n,
    createdAtMs: BigInt(createdAtMs),
  })
  return record({ $case: 'postCreated', value: { post } }, createdAtMs)
}

function deletion(postId: number): EventRecord {
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(NOW_MS) }
  return record({ $case: 'postDeleted', value })
}

const impossible = () => {
  const post = PostFacts.fromPartial({ postId: 5n, createdAtMs: 1n })
  return record({ $case: 'postCreated', value: { post } })
}

describe('the post consumer', () => {
  let opened: TestDatabase
  let reader: OutboxReader
  let log: InProcessEventLog

  const writer = () => createOutboxWriter(opened.database, nowMs)
  const read = (store: PostStore) =>
    store.recentPosts(recentPostsRequest({ follows: [7] })).map((post) => Number(post.postId))

  /** A record on `posts` whose bytes are no event. */
  async function writePoison(): Promise<void> {
    await sql`
      insert into outbox (topic, key, event, occurred_at_ms, written_at_ms)
      values ('posts', '7', '\\xffff'::bytea, ${NOW_MS}::bigint, ${NOW_MS}::bigint)
    `.execute(opened.database.kysely)
  }

  async function deadLetters() {
    const rows = await reader.read(0n, 1_000)
    return rows.flatMap(({ topic, key, event }) => {
      const { payload } = topic === 'dead-letters' ? decodeEvent(event) : {}
      return payload?.$case === 'deadLetter' ? [{ recordKey: key, ...payload.value }] : []
    })
  }

  beforeAll(async () => {
    opened = await openTestDatabase('pglite')
    reader = createOutboxReader(opened.database)
  })
  beforeEach(async () => {
    await opened.database.kysely.deleteFrom('outbox').execute()
    log = new InProcessEventLog({ reader, writer: writer(), pollIntervalMs: 600_000 })
  })
  afterEach(() => log.close())
  afterAll(() => opened.close())

  it('fills a store with the last 48 hours and follows what comes', async () => {
    await log.publish([creation(1), creation(2, 172_800_000), creation(3, 172_801_000)])
    await log.publish([creation(4), deletion(4)])
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log, store, nowMs })
    const retention = await catchUp(store, consumer)
    expect(read(store)).toEqual([1, 2])
    expect(consumer.progress()).toEqual({ done: 5, total: 5 })
    await log.publish([creation(5, 0)])
    await waitFor(() => read(store).length === 3, { what: 'post 5', everyMs: 2 })
    expect(consumer.stats()).toMatchObject({ rejected: {}, newestAppliedAtMs: NOW_MS })
    await retention.close()
    await consumer.close()
  })

  it('tells of the posts that change after the catch-up', async () => {
    await log.publish([creation(1), creation(2), deletion(1)])
    const store = new PostStore(nowMs)
    const changed: string[] = []
    const onChange = (postId: string): void => {
      changed.push(postId)
      // The store shows it by then.
      expect(read(store)).not.toContain(2)
    }
    const consumer = await startPostConsumer({ log, store, nowMs, onChange })
    await consumer.caughtUp
    await log.publish([deletion(2)])
    await waitFor(() => changed.length === 1, { what: 'the deletion', everyMs: 2 })
    expect(changed).toEqual(['2'])
    await consumer.close()
  })

  it('sends what it cannot use to dead letters, and applies the rest', async () => {
    await log.publish([creation(1)])
    await writePoison()
    await log.publish([impossible(), creation(2, 2_000)])
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log, store, nowMs })
    await consumer.caughtUp
    expect(read(store)).toEqual([1, 2])
    expect(consumer.stats()).toMatchObject({
      applied: 2,
      rejected: { undecodable: 1, 'impossible_field author_id': 1 },
    })
    const letters = await deadLetters()
    expect(letters).toMatchObject([
      { topic: 'posts', reason: 'undecodable', value: Buffer.of(0xff, 0xff), partition: 0 },
      { topic: 'posts', reason: 'impossible_field author_id', atMs: BigInt(NOW_MS) },
    ])
    const rows = await reader.read(0n, 10)
    expect(letters.map(({ recordKey }) => recordKey)).toEqual(
      [rows[1], rows[2]].map((row) => `posts/0/${row?.position}`),
    )
    expect(letters[0]?.offset).toBe(BigInt.asUintN(63, rows[1]?.position ?? 0n))
  })

  it('keeps a batch until its dead letters are written', async () => {
    let failuresLeft = 2
    const failing = {
      write: async (records: readonly EventRecord[]) => {
        failuresLeft -= 1
        if (failuresLeft >= 0) throw new Error('the database is away')
        await writer().write(records)
      },
    }
    const backoff = { firstMs: 1, longestMs: 2 }
    const faulty = new InProcessEventLog({
      reader,
      writer: failing,
      pollIntervalMs: 600_000,
      backoff,
    })
    await log.publish([creation(1), impossible()])
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log: faulty, store, nowMs })
    await consumer.caughtUp
    expect(consumer.stats()).toMatchObject({
      rejected: { 'impossible_field author_id': 1 },
      failures: { batches: 2 },
    })
    expect(await deadLetters()).toHaveLength(1)
    expect(store.stats().posts).toBe(1)
    await faulty.close()
  })

  it('builds the same store again, and from records that come twice', async () => {
    const records = [creation(1), creation(2), deletion(1), creation(3), deletion(9)]
    await log.publish([...records, ...records.toReversed(), ...records])
    const stores = [new PostStore(nowMs), new PostStore(nowMs)]
    for (const store of stores) await (await startPostConsumer({ log, store, nowMs })).caughtUp
    const once = new PostStore(nowMs)
    await opened.database.kysely.deleteFrom('outbox').execute()
    await log.publish(records)
    await (
      await startPostConsumer({ log, store: once, nowMs })
    ).caughtUp
    expect(new Set([...stores, once].map((store) => store.storeHash())).size).toBe(1)
    expect(read(once)).toEqual([3, 2])
  })
})

describe('retention', () => {
  it('removes what expires, by itself and beside requests', async () => {
    let seconds = NOW_SECONDS
    const store = new PostStore(() => seconds * 1_000)
    store.insert(storedPost({ id: 1, by: 1, age: 172_800 }))
    store.insert(storedPost({ id: 2, by: 2 }))
    const retention = new Retention(store, 2)
    retention.start()
    seconds += 1
    await waitFor(() => store.stats().posts === 1, { what: 'the trim', everyMs: 2 })
    await retention.close()
    expect(store.stats()).toMatchObject({ posts: 1, authors: 1 })
  })
})
