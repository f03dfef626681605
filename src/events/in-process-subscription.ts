import { backoffMs, type BackoffLimits } from './backoff.ts'
import type {
  BatchHandler,
  CatchUpProgress,
  PartitionLag,
  Subscription,
  SubscriptionFailures,
  Topic,
} from './event-log.ts'
import { endsWithin } from './ends-within.ts'
import type { OutboxReader, OutboxRow } from './outbox-reader.ts'
import { WakeUp } from './wake-up.ts'

/** The outbox is one partition. */
export const PARTITION = 0

export interface SubscriptionOptions {
  readonly reader: OutboxReader
  readonly topic: Topic
  readonly handle: BatchHandler
  /** Read what comes after this. */
  readonly startPosition: bigint
  /** Caught up when everything up to here is handled. */
  readonly endPosition: bigint
  /** Rows from start to end, for progress. */
  readonly rowsTotal: number
  readonly rowsPerRead: number
  /** How long to wait for a notice when there is nothing to read. */
  readonly pollIntervalMs: number
  readonly backoff: BackoffLimits
  /** How long `close` waits for the running batch. */
  readonly closeTimeoutMs: number
  readonly nowMs: () => number
}

/** Follows the outbox from a position: read, hand over, read on; what fails comes again. */
export class InProcessSubscription implements Subscription {
  readonly caughtUp: Promise<void>
  readonly #options: SubscriptionOptions
  readonly #news = new WakeUp()
  /** Apart from news: those must not cut the pauses between tries short. */
  readonly #closing = new WakeUp()
  readonly #running: Promise<void>
  #resolveCaughtUp: () => void = () => undefined
  #rejectCaughtUp: (reason: Error) => void = () => undefined
  #position: bigint
  #rowsDone = 0
  /** The end position was read then: caught up with it, the reader is as of then. */
  readonly #startedAtMs: number
  #upToDateAtMs = 0
  #isClosed = false
  #readFailures = 0
  #batchFailures = 0
  #lastError: unknown = null

  constructor(options: SubscriptionOptions) {
    this.#options = options
    this.#position = options.startPosition
    this.#startedAtMs = options.nowMs()
    this.caughtUp = new Promise((resolve, reject) => {
      this.#resolveCaughtUp = resolve
      this.#rejectCaughtUp = reject
    })
    // Who does not wait for the catch-up must not be killed by its rejection.
    this.caughtUp.catch(() => undefined)
    this.#running = this.#run()
  }

  /** Reads now rather than at the next poll. */
  notify(): void {
    this.#news.wake()
  }

  progress(): CatchUpProgress {
    const total = this.#options.rowsTotal
    return { done: Math.min(this.#rowsDone, total), total }
  }

  failures(): SubscriptionFailures {
    return {
      reads: this.#readFailures,
      batches: this.#batchFailures,
      gaps: 0,
      lastError: this.#lastError,
    }
  }

  /** Of the catch-up: later rows are read as they are noticed. */
  lag(): readonly PartitionLag[] {
    const { done, total } = this.progress()
    return [{ partition: PARTITION, records: total - done }]
  }

  upToDateAtMs(): number {
    return this.#upToDateAtMs
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#news.wake()
    this.#closing.wake()
    await endsWithin(this.#running, this.#options.closeTimeoutMs)
    this.#rejectCaughtUp(new Error(`the ${this.#options.topic} subscription was closed`))
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#position >= this.#options.endPosition) {
        this.#upToDateAtMs ||= this.#startedAtMs
        this.#resolveCaughtUp()
      }
      const readAtMs = this.#options.nowMs()
      const rows = await this.#readRetrying()
      if (rows.length === 0) {
        if (!this.#isClosed) this.#upToDateAtMs = readAtMs
        // Nothing is left to read, even when the rows up to the end have been purged meanwhile.
        if (!this.#isClosed) this.#resolveCaughtUp()
        if (!this.#isClosed) await this.#news.sleep(this.#options.pollIntervalMs)
      } else if (await this.#handleRetrying(rows)) {
        this.#position = rows.at(-1)?.position ?? this.#position
        this.#rowsDone += rows.length
      }
    }
  }

  /** The next rows; none once closed. */
  async #readRetrying(): Promise<readonly OutboxRow[]> {
    const { reader, rowsPerRead, backoff } = this.#options
    for (let failures = 1; !this.#isClosed; failures += 1) {
      try {
        return await reader.read(this.#position, rowsPerRead)
      } catch (error) {
        this.#readFailures += 1
        this.#lastError = error
        await this.#closing.sleep(backoffMs(failures, backoff))
      }
    }
    return []
  }

  /** True when the batch is handled; false when closed before. */
  async #handleRetrying(rows: readonly OutboxRow[]): Promise<boolean> {
    const { topic, handle, backoff } = this.#options
    const batch = rows
      .filter((row) => row.topic === topic)
      .map(({ position, key, event }) => ({
        partition: PARTITION,
        offset: position,
        key,
        value: event,
      }))
    if (batch.length === 0) return true
    for (let failures = 1; !this.#isClosed; failures += 1) {
      try {
        await handle(batch)
        return true
      } catch (error) {
        this.#batchFailures += 1
        this.#lastError = error
        await this.#closing.sleep(backoffMs(failures, backoff))
      }
    }
    return false
  }
}
