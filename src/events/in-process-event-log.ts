import { systemNowMs } from '../clock.ts'
import type { BackoffLimits } from './backoff.ts'
import type {
  BatchHandler,
  EventLog,
  LogRecord,
  PartitionPosition,
  StartPosition,
  Subscription,
  Topic,
} from './event-log.ts'
import { InProcessSubscription, PARTITION } from './in-process-subscription.ts'
import type { OutboxReader, OutboxWriter } from './outbox-reader.ts'

export interface InProcessEventLogOptions {
  readonly reader: OutboxReader
  readonly writer: OutboxWriter
  /** Ms between looks at the outbox when nobody calls `notify`. */
  readonly pollIntervalMs: number
  /** Rows of all topics a read. */
  readonly rowsPerRead?: number
  readonly backoff?: BackoffLimits
  /** Ms that `close` waits for running batches. */
  readonly closeTimeoutMs?: number
  readonly nowMs?: () => number
}

/** thunder.md 10: batches of 1,000. */
const ROWS_PER_READ = 1_000
const BACKOFF: BackoffLimits = { firstMs: 50, longestMs: 5_000 }
const CLOSE_TIMEOUT_MS = 2_000

/**
 * The event log without a broker: the outbox is the log. It is as durable as the database, has one
 * partition, and gives every subscriber all rows in commit order.
 */
export class InProcessEventLog implements EventLog {
  readonly #options: Required<InProcessEventLogOptions>
  readonly #subscriptions = new Set<InProcessSubscription>()
  #isClosed = false

  constructor(options: InProcessEventLogOptions) {
    this.#options = {
      rowsPerRead: ROWS_PER_READ,
      backoff: BACKOFF,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      nowMs: systemNowMs,
      ...options,
    }
  }

  async publish(records: readonly LogRecord[]): Promise<void> {
    this.#assertOpen()
    await this.#options.writer.write(records)
    this.notify()
  }

  /** Call after a commit that wrote to the outbox: subscribers then read at once. */
  notify(): void {
    for (const subscription of this.#subscriptions) subscription.notify()
  }

  async subscribe(topic: Topic, start: StartPosition, handle: BatchHandler): Promise<Subscription> {
    this.#assertOpen()
    const { reader } = this.#options
    const startPosition = await this.#positionOf(start)
    const [endPosition, rowsTotal] = await Promise.all([
      reader.endPosition(),
      reader.countAfter(startPosition),
    ])
    this.#assertOpen()
    const subscription = new InProcessSubscription({
      ...this.#options,
      topic,
      handle,
      startPosition,
      endPosition,
      rowsTotal,
    })
    this.#subscriptions.add(subscription)
    const forget = () => this.#subscriptions.delete(subscription)
    return {
      caughtUp: subscription.caughtUp,
      progress: () => subscription.progress(),
      failures: () => subscription.failures(),
      lag: () => subscription.lag(),
      upToDateAtMs: () => subscription.upToDateAtMs(),
      async close() {
        await subscription.close()
        forget()
      },
    }
  }

  async endPositions(): Promise<readonly PartitionPosition[]> {
    return [{ partition: PARTITION, offset: (await this.#options.reader.endPosition()) + 1n }]
  }

  /** Ends every subscription, within the bound given at construction. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    this.#subscriptions.clear()
  }

  /** The outbox is read after a position, the log from one on. */
  async #positionOf(start: StartPosition): Promise<bigint> {
    if (start.kind === 'since') return this.#options.reader.positionSince(start.sinceMs)
    if (start.kind === 'earliest') return 0n
    const position = start.positions.find(({ partition }) => partition === PARTITION)
    return position === undefined || position.offset === 0n ? 0n : position.offset - 1n
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the event log is closed')
  }
}
