import kafkajs, { type Kafka } from 'kafkajs'
import { createEvent, encodeEvent } from '../../src/events/event-codec.ts'
import type { EncodedRecord } from '../../src/events/event-log.ts'
import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { PostFacts } from '../../src/gen/events.ts'

const AUTHORS = 20_000
/** Posts are spread over this much time before now, well within what Thunder keeps. */
const SPAN_MS = 150_000_000

/** One new post as a record; ids grow, authors come around. */
export function postRecord(
  id: number,
  nowMs: number,
  authorId = 1 + (id % AUTHORS),
): EncodedRecord {
  const createdAtMs = nowMs - ((id * 7_919) % SPAN_MS)
  const post = PostFacts.fromPartial({
    postId: BigInt(id),
    authorId: BigInt(authorId),
    createdAtMs: BigInt(createdAtMs),
  })
  const event = createEvent({ $case: 'postCreated', value: { post } }, createdAtMs, 1n)
  return {
    topic: 'posts',
    key: String(authorId),
    value: encodeEvent(event),
    occurredAtMs: createdAtMs,
  }
}

/** kafkajs as its documentation starts with it. */
export function naiveKafka(broker: string): Kafka {
  return new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
}

/** Of the topic `posts`, in all partitions. */
export async function countPosts(broker: string): Promise<number> {
  const log = new KafkaEventLog({ brokers: [broker] })
  const ends = await log.endPositions('posts')
  await log.close()
  return ends.reduce((sum, { offset }) => sum + Number(offset), 0)
}
