import kafkajs, { type Admin, type CompressionTypes, type Kafka, type Message } from 'kafkajs'
import { createEvent, encodeEvent } from '../../../src/events/event-codec.ts'
import {
  KafkaEventLog,
  type KafkaEventLogOptions,
} from '../../../src/events/kafka/kafka-event-log.ts'
import type { Topic } from '../../../src/events/event-log.ts'
import { PostFacts } from '../../../src/gen/events.ts'
import { NOW_MS } from '../../thunder/random-post-events.ts'
import { waitFor } from '../../wait-for.ts'

const TOPICS: readonly Topic[] = [
  'posts',
  'engagements',
  'relations',
  'impressions',
  'dead-letters',
]

/** A client of the test's own: what another system would send, or an operator do. */
export function plainKafka(address: string): Kafka {
  return new kafkajs.Kafka({
    brokers: [address],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 500 },
  })
}

export async function withAdmin<T>(address: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainKafka(address).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** All topics anew, with one number of partitions. */
export async function emptyTopics(address: string, numPartitions = 3): Promise<void> {
  await withAdmin(address, async (admin) => {
    const known = (await admin.listTopics()).filter((name) =>
      TOPICS.some((topic) => topic === name),
    )
    if (known.length > 0) await admin.deleteTopics({ topics: known })
    await waitFor(async () => !(await admin.listTopics()).some((name) => known.includes(name)), {
      what: 'the topics to go',
    })
    await admin.createTopics({
      // kafkajs gives up on a topic that is not known everywhere yet.
      waitForLeaders: false,
      topics: TOPICS.map((topic) => ({ topic, numPartitions })),
    })
    for (const topic of TOPICS) {
      await waitFor(
        () =>
          admin.fetchTopicOffsets(topic).then(
            (offsets) => offsets.length === numPartitions,
            () => false,
          ),
        { what: `the topic ${topic}` },
      )
    }
  })
}

/** A log with a test's patience. */
export function openKafkaLog(
  address: string,
  options: Partial<KafkaEventLogOptions> = {},
): KafkaEventLog {
  return new KafkaEventLog({
    brokers: [address],
    backoff: { firstMs: 20, longestMs: 200 },
    lagIntervalMs: 100,
    metadataAgeMsMax: 300,
    ...options,
  })
}

/** What retention does: the records of a topic's first partition below an offset are gone. */
export async function removeRecordsBelow(address: string, offset: number): Promise<void> {
  await withAdmin(address, async (admin) => {
    // kafkajs asks for no metadata by itself here.
    await admin.fetchTopicOffsets('posts')
    const partitions = [{ partition: 0, offset: String(offset) }]
    await admin.deleteTopicRecords({ topic: 'posts', partitions })
  })
}

/** Another system's messages on `posts`, to partitions of its choice. */
export async function sendPlain(
  address: string,
  messages: Message[],
  compression: CompressionTypes = kafkajs.CompressionTypes.None,
): Promise<void> {
  const producer = plainKafka(address).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic: 'posts', messages, compression })
  await producer.disconnect()
}

/** An event of a new post by user 7, as bytes. */
export function postValue(postId: number, more: object = {}): Buffer {
  const facts = { postId: BigInt(postId), authorId: 7n, createdAtMs: BigInt(NOW_MS), ...more }
  const post = PostFacts.fromPartial(facts)
  return Buffer.from(
    encodeEvent(createEvent({ $case: 'postCreated', value: { post } }, NOW_MS, 1n)),
  )
}
