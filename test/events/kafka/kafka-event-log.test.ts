import kafkajs from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { encodeEvent } from '../../../src/events/event-codec.ts'
import type { ConsumedRecord } from '../../../src/events/event-log.ts'
import type { Compression } from '../../../src/events/kafka/codecs.ts'
import type {
  KafkaEventLog,
  KafkaEventLogOptions,
} from '../../../src/events/kafka/kafka-event-log.ts'
import { startPostConsumer } from '../../../src/thunder/post-consumer.ts'
import { PostStore } from '../../../src/thunder/post-store.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../../kafka.ts'
import { hashInOnePiece, nowMs, randomPostEvents } from '../../thunder/random-post-events.ts'
import { createRandom } from '../../thunder/random-steps.ts'
import { waitFor } from '../../wait-for.ts'
import { collector, deletionRecord } from '../event-log-suite.ts'
import {
  emptyTopics,
  openKafkaLog,
  plainKafka,
  postValue,
  removeRecordsBelow,
  sendPlain,
  withAdmin,
} from './kafka-fixtures.ts'

const PARTITIONS = 3

describeWithKafka('the event log on Kafka', (java) => {
  let running: TestBroker
  const logs: KafkaEventLog[] = []

  const openLog = (options: Partial<KafkaEventLogOptions> = {}) => {
    const log = openKafkaLog(running.address, { nowMs, requestTimeoutMs: 1_000, ...options })
    logs.push(log)
    return log
  }

  beforeAll(async () => {
    running = await startTestBroker(java)
  })
  beforeEach(() => emptyTopics(running.address, PARTITIONS))
  afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())))
  afterAll(() => running.close())

  it('makes the topics that are missing', async () => {
    await withAdmin(running.address, (admin) => admin.deleteTopics({ topics: ['relations'] }))
    const log = openLog()
    await log.ensureTopics()
    await log.ensureTopics()
    expect((await log.endPositions('relations')).length).toBeGreaterThan(0)
    expect(await log.endPositions('posts')).toHaveLength(PARTITIONS)
  })

  it('reads what is plain, gzip and zstd', async () => {
    const compressions: Compression[] = ['none', 'gzip', 'zstd']
    for (const [index, compression] of compressions.entries()) {
      await openLog({ compression }).publish(
        Array.from({ length: 500 }, (_, id) => deletionRecord(1_000 * index + id + 1)),
      )
    }
    const { ids, handle } = collector()
    await (
      await openLog().subscribe('posts', { kind: 'earliest' }, handle)
    ).caughtUp
    const expected = [0, 1, 2].flatMap((index) =>
      Array.from({ length: 500 }, (_, id) => 1_000 * index + id + 1),
    )
    expect(ids()).toEqual(expected)
  })

  it('comes to the same with duplicates and disorder across partitions', async () => {
    const records = randomPostEvents(21, 800)
    const random = createRandom(22)
    const messages = [...records, ...records]
      .map((record) => ({ record, place: random() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ record: { key, event } }) => ({
        key,
        value: Buffer.from(encodeEvent(event)),
        partition: Math.floor(random() * PARTITIONS),
      }))
    await sendPlain(running.address, messages)
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log: openLog(), store, nowMs })
    await consumer.caughtUp
    expect(store.storeHash()).toBe(hashInOnePiece(records))
    await consumer.close()
  })

  /** A subscription that stands still in its first batch until `goOn` is called. */
  async function subscribeStanding(log: KafkaEventLog) {
    const got: number[] = []
    let goOn: (() => void) | null = null as (() => void) | null
    const go = new Promise<void>((resolve) => (goOn = resolve))
    let isStanding = false
    const subscription = await log.subscribe(
      'posts',
      { kind: 'earliest' },
      async (batch: readonly ConsumedRecord[]) => {
        isStanding = true
        await go
        got.push(...batch.map(({ offset }) => Number(offset)))
      },
    )
    await waitFor(() => isStanding, { what: 'the first batch' })
    return { got, subscription, goOn: () => goOn?.() }
  }

  it('notices that records are gone before it read them, and begins anew', async () => {
    await emptyTopics(running.address, 1)
    const log = openLog()
    await log.publish([deletionRecord(1), deletionRecord(2)])
    const { got, subscription, goOn } = await subscribeStanding(log)
    await log.publish([3, 4, 5, 6].map((id) => deletionRecord(id)))
    await removeRecordsBelow(running.address, 4)
    goOn()
    await waitFor(() => subscription.failures().gaps > 0, { what: 'the gap to be noticed' })
    await waitFor(() => got.includes(5), { what: 'what is left' })
    expect(got).toEqual([0, 1, 4, 5])
    expect(String(subscription.failures().lastError)).toContain('LogGapError')
  })

  it('notices a topic that was made anew, and reads it from the start', async () => {
    await emptyTopics(running.address, 1)
    const log = openLog()
    await log.publish([1, 2, 3, 4, 5].map((id) => deletionRecord(id)))
    const { got, subscription, goOn } = await subscribeStanding(log)
    await emptyTopics(running.address, 1)
    await openLog().publish([deletionRecord(6)])
    goOn()
    await waitFor(() => subscription.failures().gaps > 0, { what: 'the gap to be noticed' })
    await waitFor(() => got.length >= 6, { what: 'the new record' })
    expect(got).toEqual([0, 1, 2, 3, 4, 0])
  })

  it('counts a start position that is gone', async () => {
    await emptyTopics(running.address, 1)
    const log = openLog()
    await log.publish([1, 2, 3, 4].map((id) => deletionRecord(id)))
    await removeRecordsBelow(running.address, 2)
    const { ids, handle } = collector()
    const start = { kind: 'positions', positions: [{ partition: 0, offset: 1n }] } as const
    const subscription = await log.subscribe('posts', start, handle)
    await subscription.caughtUp
    expect(ids()).toEqual([3, 4])
    expect(subscription.failures().gaps).toBe(1)
  })

  it('passes over the marks of transactions', async () => {
    await emptyTopics(running.address, 1)
    const producer = plainKafka(running.address).producer({
      transactionalId: 'test',
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    const log = openLog()
    const live = collector()
    await log.subscribe('posts', { kind: 'earliest' }, live.handle)
    for (const [id, ending] of [
      [1, 'commit'],
      [2, 'abort'],
      [3, 'commit'],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic: 'posts', messages: [{ key: '7', value: postValue(id) }] })
      await transaction[ending]()
    }
    await producer.disconnect()
    await waitFor(() => live.got.length === 2, { what: 'both that were committed' })
    const late = collector()
    const subscription = await log.subscribe('posts', { kind: 'earliest' }, late.handle)
    await subscription.caughtUp
    expect(late.got).toHaveLength(2)
    expect(subscription.failures().gaps).toBe(0)
    await waitFor(() => subscription.upToDateAtMs() > 0, { what: 'the end' })
  })

  it('refuses a record that is too large, and stores the others', async () => {
    const log = openLog({ queuedRecordsMax: 10 })
    const tooLarge = {
      topic: 'posts',
      key: '7',
      value: Buffer.alloc(1_200_000),
      occurredAtMs: 1,
    } as const
    const results = await Promise.allSettled([
      log.publish(Array.from({ length: 100 }, (_, id) => deletionRecord(id + 1))),
      log.publish([tooLarge, deletionRecord(101)]),
      log.publish([deletionRecord(102)]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { name: 'RefusedRecordError' } })
    const { ids, handle } = collector()
    await (
      await log.subscribe('posts', { kind: 'earliest' }, handle)
    ).caughtUp
    expect(ids().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 102 }, (_, id) => id + 1))
  })
})
