import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEvent, type EventPayload } from '../../src/events/event-codec.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import { GrpcRetrievalClient } from '../../src/phoenix/grpc-retrieval-client.ts'
import { IndexFeeder, type IndexFill } from '../../src/phoenix/index-feeder.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'
import { IndexServer } from './index-server.ts'

const HOURS_48_MS = 172_800_000
const startMs = Date.now()

function record(payload: EventPayload, atMs = startMs): EventRecord {
  return { topic: 'posts', key: '7', event: createEvent(payload, atMs, 1n) }
}

/** A recommendable original of a second ago, but for what is changed. */
function creation(postId: number, changed: Partial<PostFacts> = {}): EventRecord {
  const post = PostFacts.fromPartial({
    postId: BigInt(postId),
    authorId: 7n,
    createdAtMs: BigInt(startMs - 1_000),
    recommendable: true,
    ...changed,
  })
  return record({ $case: 'postCreated', value: { post } })
}

function deletion(postId: number): EventRecord {
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(startMs) }
  return record({ $case: 'postDeleted', value })
}

function restoration(postId: number): EventRecord {
  const created = creation(postId).event.payload
  if (created?.$case !== 'postCreated') throw new Error('not a creation')
  return record({ $case: 'postRestored', value: created.value })
}

describe('the index feeder', () => {
  let opened: TestDatabase
  let log: InProcessEventLog
  let index: IndexServer
  let channel: GrpcChannel
  let feeder: IndexFeeder | null

  beforeAll(async () => {
    opened = await openTestDatabase('pglite')
  })
  beforeEach(async () => {
    await opened.database.kysely.deleteFrom('outbox').execute()
    log = new InProcessEventLog({
      reader: createOutboxReader(opened.database),
      writer: createOutboxWriter(opened.database, () => startMs),
      pollIntervalMs: 600_000,
      backoff: { firstMs: 1, longestMs: 20 },
    })
    index = new IndexServer()
    const address = await index.start()
    channel = new GrpcChannel({ service: 'phoenix-retrieval', address, nowMs: Date.now })
    feeder = null
  })
  afterEach(async () => {
    await feeder?.close()
    await log.close()
    channel.close()
    index.stop()
  })
  afterAll(() => opened.close())

  function startFeeder(onFill: (fill: IndexFill) => void = () => undefined): IndexFeeder {
    feeder = new IndexFeeder({
      log,
      index: new GrpcRetrievalClient(channel),
      nowMs: Date.now,
      checkIntervalMs: 10,
      onFill,
    })
    return feeder
  }

  it('fills the index with recommendable originals and quotes of 48 hours', async () => {
    await log.publish([
      creation(1),
      creation(2, { quotedPostId: 1n }),
      creation(3, { replyToPostId: 1n, replyToUserId: 7n }),
      creation(4, { replyToUserId: 7n }),
      creation(5, { repostOfPostId: 1n, repostOfUserId: 7n }),
      creation(6, { recommendable: false }),
      creation(7, { createdAtMs: BigInt(startMs - HOURS_48_MS - 1) }),
      creation(8),
      deletion(8),
      deletion(9),
      restoration(9),
    ])
    const started = startFeeder()
    await started.caughtUp
    expect(index.sortedIds).toEqual([1, 2, 9])
    expect(started.progress()).toEqual({ done: 11, total: 11 })
    expect(started.stats()).toMatchObject({
      indexSize: 3,
      fills: 1,
      rejected: 0,
      failures: 0,
      newestAppliedAtMs: startMs,
    })
  })

  it('follows posts, deletions, and posts that are not recommendable any more', async () => {
    const started = startFeeder()
    await started.caughtUp
    await log.publish([creation(1), creation(2), creation(3)])
    await waitFor(() => index.ids.size === 3, { what: 'the posts', everyMs: 5 })
    await log.publish([deletion(1), creation(2, { recommendable: false })])
    await waitFor(() => index.ids.size === 1, { what: 'the removals', everyMs: 5 })
    expect(index.sortedIds).toEqual([3])
  })

  it('fills the index anew when another process of the service is there', async () => {
    await log.publish([creation(1), creation(2)])
    const started = startFeeder()
    await started.caughtUp
    index.replace('second')
    await waitFor(() => index.ids.size === 2, { what: 'the refill', everyMs: 5 })
    await log.publish([creation(3)])
    await waitFor(() => index.ids.size === 3, { what: 'post 3', everyMs: 5 })
    expect(started.stats().fills).toBe(2)
  })

  it('says how far a fill is, and when it is complete', async () => {
    await log.publish([creation(1), creation(2)])
    const fills: IndexFill[] = []
    const started = startFeeder((fill) => fills.push(fill))
    await started.caughtUp
    expect(started.stats()).toMatchObject({ isFilled: true, indexSize: 2 })
    // The next process takes nothing: its fill stands at the beginning.
    index.isRefusing = true
    index.replace('second')
    await waitFor(() => started.stats().fills === 2, { what: 'the second fill', everyMs: 5 })
    await waitFor(() => started.stats().failures > 0, { what: 'a failure', everyMs: 5 })
    expect(started.stats()).toMatchObject({ isFilled: false, indexSize: 0 })
    expect(started.progress()).toEqual({ done: 0, total: 2 })
    index.isRefusing = false
    await waitFor(() => started.stats().isFilled, { what: 'the refill', everyMs: 5 })
    expect(started.progress()).toEqual({ done: 2, total: 2 })
    const told = fills.map((fill) => {
      return [fill.state, fill.instanceId, fill.fills, fill.events, fill.indexSize]
    })
    expect(told).toEqual([
      ['begun', 'first', 1, 2, 0],
      ['complete', 'first', 1, 2, 2],
      ['begun', 'second', 2, 2, 0],
      ['complete', 'second', 2, 2, 2],
    ])
  })

  it('tries again while the service is away, and loses nothing', async () => {
    index.isBroken = true
    await log.publish([creation(1), creation(2), deletion(2)])
    const started = startFeeder()
    await waitFor(() => started.stats().failures >= 2, { what: 'failures', everyMs: 5 })
    expect(started.stats().lastError).toMatchObject({ code: 'unavailable' })
    index.isBroken = false
    await started.caughtUp
    expect(index.sortedIds).toEqual([1])
  })

  it('leaves out the posts that the service refuses, and no others', async () => {
    const ids = Array.from({ length: 50 }, (_, at) => at + 1)
    index.refusedIds.add(17).add(40)
    await log.publish(ids.map((id) => creation(id)))
    const started = startFeeder()
    await started.caughtUp
    expect(index.sortedIds).toEqual(ids.filter((id) => id !== 17 && id !== 40))
    expect(started.stats()).toMatchObject({ rejected: 2, failures: 0 })
    expect(started.stats().lastError).toMatchObject({ code: 'invalid_argument' })
  })

  it('counts events that it cannot use, and goes on', async () => {
    await log.publish([creation(1, { authorId: 0n }), creation(2)])
    const started = startFeeder()
    await started.caughtUp
    expect(index.sortedIds).toEqual([2])
    expect(started.stats().rejected).toBe(1)
  })

  it('ends at once while the service does not answer', async () => {
    index.stop()
    const started = startFeeder()
    await started.close()
    await expect(started.caughtUp).rejects.toThrow('the index feeder was closed')
  })
})
