import { backoffMs, type BackoffLimits } from '../backoff.ts'
import type {
  BatchHandler,
  CatchUpProgress,
  ConsumedRecord,
  PartitionLag,
  PartitionPosition,
  StartPosition,
  Subscription,
  SubscriptionFailures,
  Topic,
} from '../event-log.ts'
import { WakeUp } from '../wake-up.ts'
import { ConsumerSession, LogGapError } from './consumer-session.ts'
import { endsWithin } from '../ends-within.ts'
import { KafkaAdmin } from './kafka-admin.ts'
import type { KafkaClientOptions } from './kafka-client.ts'
import { CLOSE_TIMEOUT_MS, LAG_INTERVAL_MS, RETRY_BACKOFF } from './kafka.params.ts'
import { PartitionProgress } from './partition-progress.ts'

export interface KafkaSubscriptionOptions {
  readonly client: KafkaClientOptions
  readonly topic: Topic
  readonly start: StartPosition
  readonly handle: BatchHandler
  readonly nowMs: () => number
  readonly backoff?: BackoffLimits
  readonly lagIntervalMs?: number
  readonly metadataAgeMsMax?: number
}

/**
 * Reads every partition of a topic, whatever happens to the broker: a consumer that ends is built
 * anew where the last one was, one that met a gap from the start position on.
 */
export class KafkaSubscription implements Subscription {
  readonly caughtUp: Promise<void>
  /** Resolves when the log's ends were first read, or at the end. */
  readonly started: Promise<void>
  readonly #options: KafkaSubscriptionOptions
  readonly #admin: KafkaAdmin
  readonly #progress = new PartitionProgress()
  readonly #closing = new AbortController()
  readonly #wakeUp = new WakeUp()
  readonly #handlerWakeUp = new WakeUp()
  readonly #lagWakeUp = new WakeUp()
  readonly #running: Promise<unknown>
  #resolveCaughtUp: () => void = () => undefined
  #rejectCaughtUp: (reason: Error) => void = () => undefined
  #resolveStarted: () => void = () => undefined
  #hasBegun = false
  /** After a gap, until the start has been found again: positions mean nothing then. */
  #mustBeginAnew = false
  #handling: Promise<void> = Promise.resolve()
  #upToDateAtMs = 0
  #endsReadAtMs = 0
  #isCaughtUp = false
  #failures: SubscriptionFailures = { reads: 0, batches: 0, gaps: 0, lastError: null }

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options
    this.#admin = new KafkaAdmin(options.client)
    this.caughtUp = new Promise((resolve, reject) => {
      this.#resolveCaughtUp = resolve
      this.#rejectCaughtUp = reject
    })
    // Who does not wait for the catch-up must not be killed by its rejection.
    this.caughtUp.catch(() => undefined)
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve))
    this.#running = Promise.all([this.#run(), this.#watchEnds()])
  }

  progress(): CatchUpProgress {
    return this.#progress.catchUp()
  }

  failures(): SubscriptionFailures {
    return this.#failures
  }

  lag(): readonly PartitionLag[] {
    return this.#progress.lag()
  }

  upToDateAtMs(): number {
    return this.#upToDateAtMs
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#wakeUp.wake()
    this.#handlerWakeUp.wake()
    this.#lagWakeUp.wake()
    this.#admin.destroy()
    this.#resolveStarted()
    // Its own consumer takes up to one bound to end.
    await endsWithin(this.#running, 2 * CLOSE_TIMEOUT_MS)
    this.#rejectCaughtUp(new Error(`the ${this.#options.topic} subscription was closed`))
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #run(): Promise<void> {
    const { backoff = RETRY_BACKOFF } = this.#options
    let failures = 0
    while (!this.#isClosed) {
      try {
        await this.#resume()
        failures = 0
        await this.#consume()
      } catch (error) {
        if (this.#isClosed) return
        if (error instanceof LogGapError) this.#noteGap(error)
        else this.#noteReadFailure(error)
        failures += 1
        await this.#wakeUp.sleep(backoffMs(failures, backoff))
      }
    }
  }

  /** One consumer's life; what it still handles at its end is waited for. */
  async #consume(): Promise<void> {
    const { client, topic, metadataAgeMsMax } = this.#options
    const session = new ConsumerSession({
      client,
      topic,
      progress: this.#progress,
      handle: (records) => {
        this.#handling = this.#handleRetrying(records, session)
        return this.#handling
      },
      onProgress: () => this.#noteProgress(),
      signal: this.#closing.signal,
      ...(metadataAgeMsMax === undefined ? {} : { metadataAgeMsMax }),
    })
    try {
      await session.run()
    } finally {
      this.#handlerWakeUp.wake()
      await this.#handling
    }
  }

  /** Where the next consumer starts: at the start, or where the last one was if that is there. */
  async #resume(): Promise<void> {
    const ranges = await this.#admin.ranges(this.#options.topic)
    if (this.#hasBegun && !this.#mustBeginAnew) {
      if (!this.#progress.hasGap(ranges)) return
      this.#noteGap(new LogGapError('records that come next are gone'))
    }
    await this.#beginAnew()
  }

  async #beginAnew(): Promise<void> {
    const { topic } = this.#options
    const starts = await this.#readStarts()
    this.#endsReadAtMs = this.#options.nowMs()
    // Read after the starts, so that none of those lies behind an end.
    const isExact = this.#progress.begin(await this.#admin.ranges(topic), starts)
    if (!isExact && !this.#hasBegun) this.#noteGap(new LogGapError('the first records are gone'))
    this.#hasBegun = true
    this.#mustBeginAnew = false
    this.#resolveStarted()
    this.#noteProgress()
  }

  async #readStarts(): Promise<readonly PartitionPosition[]> {
    const { topic, start } = this.#options
    if (start.kind === 'positions') return start.positions
    return start.kind === 'earliest' ? [] : this.#admin.positionsSince(topic, start.sinceMs)
  }

  #noteGap(error: LogGapError): void {
    const { gaps } = this.#failures
    this.#failures = { ...this.#failures, gaps: gaps + 1, lastError: error }
    this.#mustBeginAnew = true
  }

  #noteReadFailure(error: unknown): void {
    const { reads } = this.#failures
    this.#failures = { ...this.#failures, reads: reads + 1, lastError: error }
  }

  #noteProgress(): void {
    if (this.#isCaughtUp || !this.#progress.isCaughtUp || this.#isClosed) return
    this.#isCaughtUp = true
    this.#upToDateAtMs = Math.max(this.#upToDateAtMs, this.#endsReadAtMs)
    this.#lagWakeUp.wake()
    this.#resolveCaughtUp()
  }

  async #handleRetrying(
    records: readonly ConsumedRecord[],
    session: ConsumerSession,
  ): Promise<void> {
    const { handle, backoff = RETRY_BACKOFF } = this.#options
    for (let failures = 1; !session.isOver; failures += 1) {
      try {
        await handle(records)
        return
      } catch (error) {
        const { batches } = this.#failures
        this.#failures = { ...this.#failures, batches: batches + 1, lastError: error }
        if (!session.isOver) await this.#handlerWakeUp.sleep(backoffMs(failures, backoff))
      }
    }
  }

  /** Looks where the log ends, now and then: for the lag, and to know that nothing is missing. */
  async #watchEnds(): Promise<void> {
    const { topic, nowMs, lagIntervalMs = LAG_INTERVAL_MS } = this.#options
    while (!this.#isClosed) {
      await this.#lagWakeUp.sleep(lagIntervalMs)
      if (this.#isClosed || !this.#hasBegun) continue
      const askedAtMs = nowMs()
      try {
        const ranges = await this.#admin.ranges(topic)
        this.#progress.noteEnds(ranges)
        if (this.#progress.covers(ranges)) this.#upToDateAtMs = askedAtMs
      } catch {
        // Not reachable: what is known stays, and grows old.
      }
    }
    await this.#admin.close()
  }
}
