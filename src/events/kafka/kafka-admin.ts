import type { Admin } from 'kafkajs'
import { setTimeout as pause } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import type { PartitionPosition, Topic } from '../event-log.ts'
import { endsWithin } from '../ends-within.ts'
import { createKafkaClient, type KafkaClient, type KafkaClientOptions } from './kafka-client.ts'
import { CLOSE_TIMEOUT_MS, RETRY_BACKOFF } from './kafka.params.ts'

/** What one partition holds: offsets from `low` to before `high`. */
export interface PartitionRange {
  readonly partition: number
  readonly low: bigint
  readonly high: bigint
}

/** As the cluster is set up to: kafkajs passes these on, and the broker fills in its own. */
const BROKERS_DEFAULT = -1

/** Looks for a topic that was just made. */
const NEW_TOPIC_TRIES = 8

/** Questions about topics, on a connection that is made anew after a failure. */
export class KafkaAdmin {
  readonly #options: KafkaClientOptions
  #connected: Promise<{ readonly client: KafkaClient; readonly admin: Admin }> | null = null
  #client: KafkaClient | null = null

  constructor(options: KafkaClientOptions) {
    this.#options = options
  }

  /** Makes those of the topics that do not exist, with the broker's own number of partitions. */
  async ensureTopics(topics: readonly Topic[]): Promise<void> {
    await this.#ask(async (admin) => {
      const known = new Set(await admin.listTopics())
      const missing = topics.filter((topic) => !known.has(topic))
      if (missing.length === 0) return
      await admin.createTopics({
        // kafkajs gives up on a topic that is not known everywhere yet: we wait below.
        waitForLeaders: false,
        topics: missing.map((topic) => ({
          topic,
          numPartitions: BROKERS_DEFAULT,
          replicationFactor: BROKERS_DEFAULT,
        })),
      })
      for (const topic of missing) await untilKnown(admin, topic)
    })
  }

  /** Of every partition, in their order. */
  ranges(topic: Topic): Promise<readonly PartitionRange[]> {
    return this.#ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic)
      return offsets
        .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
        .toSorted((a, b) => a.partition - b.partition)
    })
  }

  /** The first record of each partition that is not older; its end where there is none. */
  positionsSince(topic: Topic, sinceMs: number): Promise<readonly PartitionPosition[]> {
    return this.#ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, sinceMs)
      return offsets.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }))
    })
  }

  async close(): Promise<void> {
    const { admin } = (await this.#connected?.catch(() => null)) ?? {}
    if (admin !== undefined) await endsWithin(admin.disconnect(), CLOSE_TIMEOUT_MS)
    this.#client?.destroy()
  }

  /** Cuts the connection: who waits for an answer gets an error at once. */
  destroy(): void {
    this.#client?.destroy()
    this.#connected = null
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const connected = this.#connected ?? this.#connect()
    this.#connected = connected
    try {
      return await question((await connected).admin)
    } catch (error) {
      if (this.#connected === connected) this.destroy()
      throw error
    }
  }

  async #connect() {
    const client = createKafkaClient(this.#options)
    this.#client = client
    const admin = client.kafka.admin()
    admin.on(admin.events.REQUEST_TIMEOUT, () => client.dropConnections())
    await admin.connect()
    return { client, admin }
  }
}

async function untilKnown(admin: Admin, topic: Topic): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await admin.fetchTopicOffsets(topic)
      return
    } catch (error) {
      if (failures === NEW_TOPIC_TRIES) throw error
      await pause(backoffMs(failures, RETRY_BACKOFF))
    }
  }
}
