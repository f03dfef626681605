import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import {
  KafkaEventLog,
  type KafkaEventLogOptions,
} from '../../../src/events/kafka/kafka-event-log.ts'
import type { Topic } from '../../../src/events/event-log.ts'
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
      waitForLeaders: true,
      topics: TOPICS.map((topic) => ({ topic, numPartitions })),
    })
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
