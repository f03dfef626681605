import type { Batch, Consumer, EachBatchPayload } from 'kafkajs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { uuidv7 } from 'uuidv7'
import type { ConsumedRecord, Topic } from '../event-log.ts'
import { endsWithin } from '../ends-within.ts'
import { createKafkaClient, type KafkaClientOptions } from './kafka-client.ts'
import {
  CLOSE_TIMEOUT_MS,
  FETCH_BYTES_MAX,
  FETCH_BYTES_PER_PARTITION,
  FETCH_WAIT_MS,
  HEARTBEAT_INTERVAL_MS,
  METADATA_AGE_MS_MAX,
  RECORDS_PER_SLICE_MAX,
  SESSION_TIMEOUT_MS,
} from './kafka.params.ts'
import { KafkaRecord } from './kafka-record.ts'
import type { PartitionProgress } from './partition-progress.ts'

/** kafkajs went on elsewhere than it should have: records are gone, or the topic is another one. */
export class LogGapError extends Error {
  override readonly name = 'LogGapError'
}

export interface ConsumerSessionOptions {
  readonly client: KafkaClientOptions
  readonly topic: Topic
  /** Read from, and moved on. */
  readonly progress: PartitionProgress
  /** Resolves when the records are handled, or the reader is being ended. */
  readonly handle: (records: readonly ConsumedRecord[]) => Promise<void>
  /** Called when something was handled, or passed over because it is none of ours. */
  readonly onProgress: () => void
  readonly signal: AbortSignal
  readonly metadataAgeMsMax?: number
}

/** kafkajs says this in its log, and nowhere else. */
const OUT_OF_RANGE = 'Offset out of range'

/** kafkajs has it, its types have not. */
function fetchedOffsetOf(batch: Batch): bigint {
  return BigInt((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

/**
 * The life of one kafkajs consumer: a group of its own, nothing committed, every partition from
 * where `progress` says. It ends by the signal, or with the error that ended it.
 */
export class ConsumerSession {
  readonly #options: ConsumerSessionOptions
  #fail: (error: unknown) => void = () => undefined
  #isOver = false

  constructor(options: ConsumerSessionOptions) {
    this.#options = options
  }

  /** Nothing that still runs counts any more: another session may have begun elsewhere. */
  get isOver(): boolean {
    return this.#isOver || this.#options.signal.aborted
  }

  /** Resolves when the signal aborts; rejects when the consumer cannot go on. */
  async run(): Promise<void> {
    const { topic, signal, metadataAgeMsMax = METADATA_AGE_MS_MAX } = this.#options
    const client = createKafkaClient({
      ...this.#options.client,
      onComplaint: (message) => this.#readComplaint(message),
    })
    const consumer = client.kafka.consumer({
      groupId: `homefeed-${topic}-${uuidv7()}`,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES_MAX,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
      metadataMaxAge: metadataAgeMsMax,
      allowAutoTopicCreation: false,
    })
    let end = (): void => undefined
    const ended = new Promise<void>((resolve, reject) => {
      this.#fail = reject
      end = resolve
    })
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    ended.catch(() => undefined)
    this.#listen(consumer, () => client.dropConnections())
    try {
      await Promise.race([ended, this.#start(consumer)])
      await ended
    } finally {
      this.#isOver = true
      signal.removeEventListener('abort', end)
      await endsWithin(consumer.disconnect(), CLOSE_TIMEOUT_MS)
      client.destroy()
    }
  }

  async #start(consumer: Consumer): Promise<void> {
    await consumer.connect()
    await consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#handleBatch(payload),
    })
  }

  #listen(consumer: Consumer, dropConnections: () => void): void {
    const { topic, progress, onProgress } = this.#options
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#fail(payload.error))
    consumer.on(consumer.events.REQUEST_TIMEOUT, dropConnections)
    // Every assignment forgets where we were: this runs before the next fetch.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const partition of payload.memberAssignment[topic] ?? []) {
        const position = progress.position(partition)
        if (position !== undefined) {
          consumer.seek({ topic, partition, offset: String(position) })
        }
      }
    })
    // Batches of transaction marks alone come by no other way.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const { partition, batchSize, lastOffset } = payload
      if (batchSize > 0 || this.isOver || progress.position(partition) === undefined) return
      progress.advance(partition, BigInt(lastOffset) + 1n)
      onProgress()
    })
  }

  #readComplaint(message: string): void {
    if (message.startsWith(OUT_OF_RANGE)) {
      this.#fail(new LogGapError(`${this.#options.topic}: records that come next are gone`))
    }
    this.#options.client.onComplaint?.(message)
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload
    const { progress, handle, onProgress, topic } = this.#options
    const { partition, messages } = batch
    const fetchedOffset = fetchedOffsetOf(batch)
    const position = progress.position(partition) ?? fetchedOffset
    if (position !== fetchedOffset && !isStale() && !this.isOver) {
      const where = `${topic}/${partition} at ${fetchedOffset} instead of ${position}`
      const error = new LogGapError(`the consumer went on at another place: ${where}`)
      this.#fail(error)
      throw error
    }
    for (let start = 0; start < messages.length; start += RECORDS_PER_SLICE_MAX) {
      if (!isRunning() || isStale() || this.isOver) return
      const slice = messages.slice(start, start + RECORDS_PER_SLICE_MAX)
      const records = slice.map((message) => new KafkaRecord(partition, message))
      await this.#beating(heartbeat, handle(records))
      if (this.isOver) return
      const last = slice.at(-1)?.offset ?? fetchedOffset
      resolveOffset(String(last))
      // Marks of a transaction may follow the last record: kafkajs passes over them with it.
      const isEnd = start + RECORDS_PER_SLICE_MAX >= messages.length
      progress.advance(partition, BigInt(isEnd ? batch.lastOffset() : last) + 1n, fetchedOffset)
      onProgress()
      await heartbeat()
      if (!isEnd) await nextTurn()
    }
  }

  /** A handler may take long, when it waits for a database: the group must not lose us. */
  async #beating(heartbeat: () => Promise<void>, work: Promise<void>): Promise<void> {
    const timer = setInterval(() => {
      // A rebalance shows at the next heartbeat that is awaited.
      heartbeat().catch(() => undefined)
    }, HEARTBEAT_INTERVAL_MS)
    try {
      await work
    } finally {
      clearInterval(timer)
    }
  }
}
