import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { EventLog, EventRecord } from '../../src/events/event-log.ts'
import type { KafkaEventLog, KafkaEventLogOptions } from '../../src/events/kafka/kafka-event-log.ts'
import { catchUp } from '../../src/thunder/catch-up.ts'
import { startPostConsumer, type PostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { emptyTopics, openKafkaLog, withAdmin } from '../events/kafka/kafka-fixtures.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../kafka.ts'
import { waitFor } from '../wait-for.ts'
import { hashInOnePiece, nowMs, randomPostEvents } from './random-post-events.ts'

const LONG_MS = 60_000

/** Publishes in pieces without waiting for one before the next. */
function publishInPieces(log: EventLog, records: readonly EventRecord[]): Promise<unknown> {
  const pieces = Array.from({ length: Math.ceil(records.length / 50) }, (_, index) =>
    records.slice(index * 50, index * 50 + 50),
  )
  return Promise.all(pieces.map((piece) => log.publish(piece)))
}

describeWithKafka('Thunder on Kafka', (java) => {
  let running: TestBroker
  const logs: KafkaEventLog[] = []
  const consumers: PostConsumer[] = []

  const openLog = (options: Partial<KafkaEventLogOptions> = {}) => {
    const log = openKafkaLog(running.address, { nowMs, requestTimeoutMs: 1_000, ...options })
    logs.push(log)
    return log
  }

  async function startStore(log: EventLog) {
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log, store, nowMs })
    consumers.push(consumer)
    return { store, consumer }
  }

  const untilEqual = (store: PostStore, hash: string) =>
    waitFor(() => store.storeHash() === hash, { what: 'equal hashes', timeoutMs: LONG_MS })

  beforeAll(async () => {
    running = await startTestBroker(java)
  })
  beforeEach(() => emptyTopics(running.address))
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()))
    await Promise.all(logs.splice(0).map((log) => log.close()))
  })
  afterAll(() => running.close())

  it('loses nothing when the broker is killed with publishes in flight', async () => {
    const log = openLog()
    const [before, during, after] = [1, 2, 3].map((part) =>
      randomPostEvents(part, 600, part * 10_000),
    )
    const { store, consumer } = await startStore(log)
    await publishInPieces(log, before!)
    const inFlight = publishInPieces(log, during!)
    await running.broker.kill()
    await waitFor(() => log.producerStats().failures > 0, {
      what: 'a failed send',
      timeoutMs: LONG_MS,
    })
    await waitFor(() => consumer.stats().failures.reads > 0, {
      what: 'the consumer to crash',
      timeoutMs: LONG_MS,
    })
    await running.broker.start()
    await inFlight
    await publishInPieces(log, after!)
    await untilEqual(store, hashInOnePiece([...before!, ...during!, ...after!]))
  }, 150_000)

  it('loses nothing when the broker freezes with publishes in flight', async () => {
    const complaints: string[] = []
    const log = openLog({ onComplaint: (message) => complaints.push(message) })
    const [before, during] = [4, 5].map((part) => randomPostEvents(part, 600, part * 10_000))
    const { store } = await startStore(log)
    await publishInPieces(log, before!)
    const inFlight = publishInPieces(log, during!)
    running.broker.freeze()
    await waitFor(() => complaints.some((message) => message.includes('given up')), {
      what: 'a connection to be given up',
      timeoutMs: LONG_MS,
    })
    running.broker.thaw()
    await inFlight
    await untilEqual(store, hashInOnePiece([...before!, ...during!]))
  }, 150_000)

  it('is ready although producers go on, and reads what they write', async () => {
    const log = openLog()
    const first = randomPostEvents(6, 2_000)
    await log.publish(first)
    let isReady = false
    const later: EventRecord[] = []
    const writing = (async () => {
      for (let id = 100_000; !isReady; id += 20) {
        const records = randomPostEvents(id, 20, id)
        later.push(...records)
        await log.publish(records)
      }
    })()
    const { store, consumer } = await startStore(log)
    const retention = await catchUp(store, consumer)
    expect(store.stats().posts).toBeGreaterThan(500)
    isReady = true
    await writing
    await untilEqual(store, hashInOnePiece([...first, ...later]))
    await waitFor(() => consumer.asOfMs() === nowMs(), { what: 'the end to be noticed' })
    await retention.close()
  })

  it('reads 32 partitions, of which one is empty and one idle', async () => {
    await emptyTopics(running.address, 32)
    const log = openLog()
    const records = randomPostEvents(7, 1_500)
    await log.publish(records)
    const ends = await log.endPositions('posts')
    expect(ends).toHaveLength(32)
    expect(ends.filter(({ offset }) => offset === 0n).length).toBeGreaterThan(0)
    const { store, consumer } = await startStore(log)
    await consumer.caughtUp
    expect(store.storeHash()).toBe(hashInOnePiece(records))
    // From here on all but one key's partition are idle.
    const more = randomPostEvents(8, 50, 5_000).filter(({ key }) => key === '3')
    await log.publish(more)
    await untilEqual(store, hashInOnePiece([...records, ...more]))
    expect(consumer.lag()).toHaveLength(32)
  })

  it('finds a partition added at run time, and ignores an older version through it', async () => {
    await emptyTopics(running.address, 1)
    const log = openLog()
    const records = randomPostEvents(9, 300)
    const { store } = await startStore(log)
    await log.publish(records)
    await untilEqual(store, hashInOnePiece(records))
    await withAdmin(running.address, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: 'posts', count: 4 }] }),
    )
    // The same again: what a newer version has replaced now arrives through other partitions.
    const fresh = openLog()
    const more = randomPostEvents(10, 300, 10_000)
    await fresh.publish([...records.toReversed(), ...more])
    const ends = await fresh.endPositions('posts')
    expect(ends.filter(({ offset }) => offset > 0n).length).toBeGreaterThan(1)
    await untilEqual(store, hashInOnePiece([...records, ...more]))
  })

  it('ends while the broker is away, whatever is on its way', async () => {
    const log = openLog()
    const { consumer } = await startStore(log)
    await consumer.caughtUp
    await running.broker.kill()
    const publishing = log.publish(randomPostEvents(11, 10)).then(
      () => 'stored',
      (error: Error) => error.message,
    )
    await consumer.close()
    await log.close()
    expect(await publishing).toBe('the event log is closed')
    await running.broker.start()
  })

  it('ends while the broker is frozen', async () => {
    const log = openLog()
    const { consumer } = await startStore(log)
    await consumer.caughtUp
    running.broker.freeze()
    const publishing = log.publish(randomPostEvents(12, 10)).catch((error: Error) => error.message)
    await Promise.all([consumer.close(), log.close()])
    expect(await publishing).toBe('the event log is closed')
    running.broker.thaw()
  })
})
