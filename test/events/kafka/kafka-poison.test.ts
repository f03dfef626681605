import kafkajs from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import {
  readDeadLetters,
  toReplayedRecord,
  whyNotReplayed,
} from '../../../src/events/dead-letters.ts'
import type { KafkaEventLog } from '../../../src/events/kafka/kafka-event-log.ts'
import { startPostConsumer } from '../../../src/thunder/post-consumer.ts'
import { PostStore } from '../../../src/thunder/post-store.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../../kafka.ts'
import { NOW_MS, nowMs } from '../../thunder/random-post-events.ts'
import { recentPostsRequest } from '../../thunder/stored-post-fixture.ts'
import { waitFor } from '../../wait-for.ts'
import { emptyTopics, openKafkaLog, postValue, sendPlain } from './kafka-fixtures.ts'
import { compressAsSnappyLiteral } from './snappy-literal.ts'

const PARTITIONS = 3

/** The snappy codec of this process writes for the time of the test, and still cannot read. */
function letSnappyWrite(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  const registered = CompressionCodecs[CompressionTypes.Snappy]
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    ...registered(),
    compress: async ({ buffer }: { buffer: Buffer }) => compressAsSnappyLiteral(buffer),
  })
  onTestFinished(() => {
    CompressionCodecs[CompressionTypes.Snappy] = registered
  })
}

describeWithKafka('poison on Kafka', (java) => {
  let running: TestBroker
  const logs: KafkaEventLog[] = []

  const openLog = () => {
    const log = openKafkaLog(running.address, { nowMs })
    logs.push(log)
    return log
  }

  beforeAll(async () => {
    running = await startTestBroker(java)
  })
  beforeEach(() => emptyTopics(running.address, PARTITIONS))
  afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())))
  afterAll(() => running.close())

  it('applies all but the poison of every partition, and the letters are complete', async () => {
    letSnappyWrite()
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const base = 100 * (partition + 1)
      await sendPlain(running.address, [
        { partition, key: 'k', value: postValue(base + 1) },
        { partition, key: 'garbage', value: Buffer.from([0xff, 0xff, 0xff]) },
        { partition, key: 'empty', value: null },
        { partition, key: 'impossible', value: postValue(base + 2, { authorId: 0n }) },
        { partition, key: 'k', value: postValue(base + 3) },
      ])
      await sendPlain(
        running.address,
        [
          { partition, key: 'k', value: postValue(base + 4) },
          { partition, key: 'k', value: postValue(base + 5) },
        ],
        kafkajs.CompressionTypes.Snappy,
      )
      await sendPlain(running.address, [{ partition, key: 'k', value: postValue(base + 6) }])
    }
    const log = openLog()
    const store = new PostStore(nowMs)
    const consumer = await startPostConsumer({ log, store, nowMs })
    await consumer.caughtUp
    const applied = [1, 2, 3].flatMap((n) => [100 * n + 1, 100 * n + 3, 100 * n + 6])
    const posts = store.recentPosts(recentPostsRequest({ follows: [7] }))
    expect(posts.map(({ postId }) => Number(postId)).toSorted((a, b) => a - b)).toEqual(applied)
    expect(consumer.stats()).toMatchObject({
      applied: 9,
      rejected: {
        undecodable: 3,
        unknown_kind: 3,
        'impossible_field author_id': 3,
        'missing_codec snappy': 6,
      },
    })
    const letters = await readDeadLetters(log)
    const keys = [0, 1, 2].flatMap((partition) =>
      [1, 2, 3, 5, 6].map((offset) => `posts/${partition}/${offset}`),
    )
    expect(letters.map(({ key }) => key).toSorted()).toEqual(keys)
    const garbage = letters.find(({ key }) => key === 'posts/1/1')
    expect(garbage?.letter).toMatchObject({
      topic: 'posts',
      partition: 1,
      offset: 1n,
      key: Buffer.from('garbage'),
      value: Buffer.from([0xff, 0xff, 0xff]),
      reason: 'undecodable',
      atMs: BigInt(NOW_MS),
    })
    await consumer.close()
  })

  it('sends a dead letter to its topic again, and says which it cannot', async () => {
    letSnappyWrite()
    const log = openLog()
    const value = Buffer.from([0xff, 0xff])
    await sendPlain(running.address, [{ partition: 0, key: 'k1', value }])
    await sendPlain(
      running.address,
      [{ partition: 1, key: 'k2', value }],
      kafkajs.CompressionTypes.Snappy,
    )
    await sendPlain(running.address, [
      { partition: 2, key: 'k3', value: Buffer.alloc(900_000, 0xff) },
    ])
    const consumer = await startPostConsumer({ log, store: new PostStore(nowMs), nowMs })
    await consumer.caughtUp
    const letters = await readDeadLetters(log)
    expect(letters.map(whyNotReplayed)).toEqual(
      letters.map(({ key }) => {
        if (key.startsWith('posts/0')) return null
        return expect.stringContaining(key.startsWith('posts/1') ? 'whole batch' : 'too long')
      }),
    )
    const [first] = letters.filter(({ key }) => key.startsWith('posts/0'))
    await log.publish([toReplayedRecord(first!, NOW_MS)])
    await waitFor(async () => (await readDeadLetters(log)).length === 4, { what: 'its return' })
    await consumer.close()
  })
})
