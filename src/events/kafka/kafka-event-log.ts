import { systemNowMs } from '../../clock.ts'
import type { BackoffLimits } from '../backoff.ts'
import { encodeRecord } from '../encode-record.ts'
import type {
  BatchHandler,
  EventLog,
  LogRecord,
  PartitionPosition,
  StartPosition,
  Subscription,
  Topic,
} from '../event-log.ts'
import type { Compression } from './codecs.ts'
import { KafkaAdmin } from './kafka-admin.ts'
import type { KafkaClientOptions } from './kafka-client.ts'
import { KafkaProducer, type KafkaProducerStats } from './kafka-producer.ts'
import { KafkaSubscription } from './kafka-subscription.ts'

export interface KafkaEventLogOptions extends KafkaClientOptions {
  /** How our records are written; default none. */
  readonly compression?: Compression
  readonly nowMs?: () => number
  readonly backoff?: BackoffLimits
  /** Ms between looks at the log's ends. */
  readonly lagIntervalMs?: number
  /** Ms after which new partitions are looked for. */
  readonly metadataAgeMsMax?: number
  /** Records on their way at most; more wait. */
  readonly queuedRecordsMax?: number
}

const TOPICS: readonly Topic[] = [
  'posts',
  'engagements',
  'relations',
  'impressions',
  'dead-letters',
]

/** The event log on Kafka. Everything that knows kafkajs is in this folder. */
export class KafkaEventLog implements EventLog {
  readonly #options: KafkaEventLogOptions & { readonly nowMs: () => number }
  readonly #admin: KafkaAdmin
  readonly #producer: KafkaProducer
  readonly #subscriptions = new Set<KafkaSubscription>()
  #isClosed = false

  constructor(options: KafkaEventLogOptions) {
    this.#options = { nowMs: systemNowMs, ...options }
    this.#admin = new KafkaAdmin(options)
    this.#producer = new KafkaProducer({ compression: 'none', ...this.#options })
  }

  /** Makes the topics that do not exist. Rejects when no broker answers. */
  async ensureTopics(): Promise<void> {
    await this.#admin.ensureTopics(TOPICS)
  }

  async publish(records: readonly LogRecord[]): Promise<void> {
    this.#assertOpen()
    await this.#producer.publish(records.map(encodeRecord))
  }

  async subscribe(topic: Topic, start: StartPosition, handle: BatchHandler): Promise<Subscription> {
    this.#assertOpen()
    const subscription = new KafkaSubscription({
      ...this.#options,
      client: this.#options,
      topic,
      start,
      handle,
    })
    this.#subscriptions.add(subscription)
    await subscription.started
    return {
      caughtUp: subscription.caughtUp,
      progress: () => subscription.progress(),
      failures: () => subscription.failures(),
      lag: () => subscription.lag(),
      upToDateAtMs: () => subscription.upToDateAtMs(),
      close: async () => {
        await subscription.close()
        this.#subscriptions.delete(subscription)
      },
    }
  }

  async endPositions(topic: Topic): Promise<readonly PartitionPosition[]> {
    const ranges = await this.#admin.ranges(topic)
    return ranges.map(({ partition, high }) => ({ partition, offset: high }))
  }

  producerStats(): KafkaProducerStats {
    return this.#producer.stats()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#admin.destroy()
    await Promise.all([
      ...[...this.#subscriptions].map((subscription) => subscription.close()),
      this.#producer.close(),
    ])
    this.#subscriptions.clear()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the event log is closed')
  }
}
