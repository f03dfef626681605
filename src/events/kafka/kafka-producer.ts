import kafkajs, { type Producer, type TopicMessages } from 'kafkajs'
import { backoffMs } from '../backoff.ts'
import type { EncodedRecord } from '../event-log.ts'
import { WakeUp } from '../wake-up.ts'
import { COMPRESSION_TYPES, type Compression } from './codecs.ts'
import { endsWithin } from '../ends-within.ts'
import { createKafkaClient, type KafkaClient, type KafkaClientOptions } from './kafka-client.ts'
import {
  CLOSE_TIMEOUT_MS,
  LINGER_MS,
  QUEUED_RECORDS_MAX,
  RECORDS_PER_SEND_MAX,
  RETRY_BACKOFF,
} from './kafka.params.ts'
import { RecordQueue, type QueuedRecord, type Receipt } from './record-queue.ts'
import { isRefusal, RefusedRecordError } from './refused-record-error.ts'

export interface KafkaProducerOptions extends KafkaClientOptions {
  readonly compression: Compression
  readonly nowMs: () => number
  readonly queuedRecordsMax?: number
}

interface Connection {
  readonly client: KafkaClient
  readonly producer: Producer
}

export interface KafkaProducerStats {
  readonly sends: number
  readonly records: number
  /** Sends that failed; each was tried again on a new connection. */
  readonly failures: number
  readonly lastError: unknown
}

/**
 * Sends records in the order in which they came: up to 500 at a time, or what has gathered in 5 ms.
 * One send is under way at a time. What fails is sent again until it is stored, so a record may be
 * stored twice; the broker tells apart what kafkajs itself repeats (idempotent producer).
 */
export class KafkaProducer {
  readonly #options: KafkaProducerOptions
  readonly #queue: RecordQueue
  readonly #closing = new WakeUp()
  #connection: Connection | null = null
  #lingering: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null
  #isClosed = false
  #inFlight: readonly QueuedRecord[] = []
  #stats: KafkaProducerStats = { sends: 0, records: 0, failures: 0, lastError: null }

  constructor(options: KafkaProducerOptions) {
    this.#options = options
    this.#queue = new RecordQueue(options.queuedRecordsMax ?? QUEUED_RECORDS_MAX)
  }

  stats(): KafkaProducerStats {
    return this.#stats
  }

  /**
   * Resolves when all are stored.
   * @throws RefusedRecordError when the broker refuses one for good: the others are stored then.
   */
  async publish(records: readonly EncodedRecord[]): Promise<void> {
    if (records.length === 0) return
    let settle = (): void => undefined
    const settled = new Promise<void>((resolve) => (settle = resolve))
    const receipt: Receipt = { pending: records.length, error: null, settle }
    for (const record of records) {
      if (this.#queue.isFull) await this.#queue.room()
      if (this.#isClosed) throw closedError()
      this.#queue.push({ record, receipt })
      this.#schedule()
    }
    await settled
    if (receipt.error !== null) throw receipt.error
  }

  /** Sends what is queued, within a bound; what is left then fails. */
  async close(): Promise<void> {
    this.#flush()
    const isSent = await endsWithin(this.#sending ?? Promise.resolve(), CLOSE_TIMEOUT_MS)
    this.#isClosed = true
    this.#closing.wake()
    fail([...this.#inFlight, ...this.#queue.take(this.#queue.length)], closedError())
    if (isSent && this.#connection !== null) {
      await endsWithin(this.#connection.producer.disconnect(), CLOSE_TIMEOUT_MS)
    }
    this.#dropConnection()
    await endsWithin(this.#sending ?? Promise.resolve(), CLOSE_TIMEOUT_MS)
  }

  #schedule(): void {
    if (this.#sending !== null) return
    if (this.#queue.length >= RECORDS_PER_SEND_MAX) this.#flush()
    else this.#lingering ??= setTimeout(() => this.#flush(), LINGER_MS)
  }

  #flush(): void {
    clearTimeout(this.#lingering ?? undefined)
    this.#lingering = null
    if (this.#queue.length === 0) return
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null))
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#inFlight = this.#queue.take(RECORDS_PER_SEND_MAX)
      await this.#deliver(this.#inFlight)
      this.#inFlight = []
    }
  }

  /** Again and again until stored; what is refused is halved until the one at fault is alone. */
  async #deliver(records: readonly QueuedRecord[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      if (this.#isClosed) return fail(records, closedError())
      try {
        await this.#send(records)
        for (const { receipt } of records) settleOne(receipt)
        return
      } catch (error) {
        // The broker counts on what it took, kafkajs on what it was told: begin a new count.
        this.#dropConnection()
        if (isRefusal(error)) return this.#divide(records, error)
        this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastError: error }
        if (!this.#isClosed) await this.#closing.sleep(backoffMs(failures, RETRY_BACKOFF))
      }
    }
  }

  async #divide(records: readonly QueuedRecord[], cause: unknown): Promise<void> {
    if (records.length === 1) {
      const why = cause instanceof Error ? cause.message : String(cause)
      fail(records, new RefusedRecordError(`the broker refuses a record: ${why}`, { cause }))
      return
    }
    const middle = records.length >>> 1
    await this.#deliver(records.slice(0, middle))
    await this.#deliver(records.slice(middle))
  }

  async #send(records: readonly QueuedRecord[]): Promise<void> {
    const { compression, nowMs } = this.#options
    const { producer } = (this.#connection ??= this.#createConnection())
    await producer.connect()
    await producer.sendBatch({
      acks: -1,
      compression: COMPRESSION_TYPES[compression],
      topicMessages: byTopic(records, nowMs()),
    })
    const { sends, records: sent } = this.#stats
    this.#stats = { ...this.#stats, sends: sends + 1, records: sent + records.length }
  }

  #createConnection(): Connection {
    const client = createKafkaClient(this.#options)
    const producer = client.kafka.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    })
    // kafkajs repeats what timed out on the same connection, which may be dead.
    producer.on(producer.events.REQUEST_TIMEOUT, () => client.dropConnections())
    return { client, producer }
  }

  #dropConnection(): void {
    const connection = this.#connection
    this.#connection = null
    if (connection === null) return
    connection.client.destroy()
    connection.producer.disconnect().catch(() => undefined)
  }
}

function byTopic(records: readonly QueuedRecord[], nowMs: number): TopicMessages[] {
  const messages = new Map<string, TopicMessages['messages']>()
  for (const { record } of records) {
    const { topic, key, value, occurredAtMs } = record
    // Brokers refuse times that are far ahead of theirs.
    const timestamp = String(Math.max(0, Math.min(occurredAtMs, nowMs)))
    const message = { key, value: Buffer.from(value), timestamp }
    const known = messages.get(topic)
    if (known === undefined) messages.set(topic, [message])
    else known.push(message)
  }
  return [...messages].map(([topic, list]) => ({ topic, messages: list }))
}

function closedError(): Error {
  return new Error('the event log is closed')
}

function settleOne(receipt: Receipt): void {
  receipt.pending -= 1
  if (receipt.pending === 0) receipt.settle()
}

function fail(records: readonly QueuedRecord[], error: Error): void {
  for (const { receipt } of records) {
    receipt.error ??= error
    settleOne(receipt)
  }
}
