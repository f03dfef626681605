import { backoffMs } from '../events/backoff.ts'
import type {
  CatchUpProgress,
  ConsumedRecord,
  EventLog,
  Subscription,
} from '../events/event-log.ts'
import { WakeUp } from '../events/wake-up.ts'
import { toIndexChanges } from './indexable-posts.ts'
import { PhoenixError } from './phoenix-error.ts'
import {
  INDEX_CALL_TIMEOUT_MS,
  INDEX_CHECK_INTERVAL_MS,
  INDEX_RETENTION_MS,
  POSTS_PER_UPSERT_MAX,
} from './phoenix.params.ts'
import type { CallOptions } from './retrieval-client.ts'
import type { IndexedPost, RetrievalIndex } from './retrieval-index.ts'

export interface IndexFeederOptions {
  readonly log: EventLog
  readonly index: RetrievalIndex
  readonly nowMs: () => number
  /** Ms between looks at whether the service was restarted. */
  readonly checkIntervalMs?: number
  /** Told when a fill begins, and when the index has all that the log held then. */
  readonly onFill?: (fill: IndexFill) => void
}

/** One process of the service gets its index. */
export interface IndexFill {
  readonly state: 'begun' | 'complete'
  /** Of the process. */
  readonly instanceId: string
  /** 1 for the first process, 2 for the next one. */
  readonly fills: number
  /** Events to read, and posts in the index. */
  readonly events: number
  readonly indexSize: number
  /** Ms since it began. */
  readonly durationMs: number
}

export interface IndexFeederStats {
  /** As the service last said. */
  readonly indexSize: number
  /** When the newest event that is in the index happened, epoch ms; 0 = none yet. */
  readonly newestAppliedAtMs: number
  /** How often the index was filled from the start: once for each process of the service. */
  readonly fills: number
  /** Whether the latest fill is complete; `progress` tells how far it is. */
  readonly isFilled: boolean
  /** Events and posts that cannot be in an index. */
  readonly rejected: number
  /** Calls and reads that failed; each was tried again. */
  readonly failures: number
  readonly lastError: unknown
}

const RETRY_BACKOFF = { firstMs: 200, longestMs: 2_000 }

/**
 * Keeps the retrieval service's index in step with the topic `posts`, and fills it from 48 hours
 * ago whenever another process of the service is there: an index lives in its process's memory.
 */
export class IndexFeeder {
  /** Resolves when the index first has all that the log held; rejects when closed before. */
  readonly caughtUp: Promise<void>
  readonly #options: Required<IndexFeederOptions>
  readonly #closing = new AbortController()
  readonly #wakeUp = new WakeUp()
  readonly #running: Promise<void>
  #resolveCaughtUp: () => void = () => undefined
  #rejectCaughtUp: (reason: Error) => void = () => undefined
  #subscription: Subscription | null = null
  #stats: IndexFeederStats = {
    indexSize: 0,
    newestAppliedAtMs: 0,
    fills: 0,
    isFilled: false,
    rejected: 0,
    failures: 0,
    lastError: null,
  }

  constructor(options: IndexFeederOptions) {
    const defaults = { checkIntervalMs: INDEX_CHECK_INTERVAL_MS, onFill: () => undefined }
    this.#options = { ...defaults, ...options }
    this.caughtUp = new Promise((resolve, reject) => {
      this.#resolveCaughtUp = resolve
      this.#rejectCaughtUp = reject
    })
    // Who does not wait for the first fill must not be killed by its rejection.
    this.caughtUp.catch(() => undefined)
    this.#running = this.#run()
  }

  /** Of the fill that is under way, in events; before it {0, 0}. */
  progress(): CatchUpProgress {
    return this.#subscription?.progress() ?? { done: 0, total: 0 }
  }

  stats(): IndexFeederStats {
    return this.#stats
  }

  /** Stops; running calls are cancelled. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#wakeUp.wake()
    await this.#running
    this.#rejectCaughtUp(new Error('the index feeder was closed'))
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isClosed) {
      try {
        await this.#feedOneInstance()
        failures = 0
      } catch (error) {
        this.#noteFailure(error)
        failures += 1
        if (!this.#isClosed) await this.#wakeUp.sleep(backoffMs(failures, RETRY_BACKOFF))
      }
    }
  }

  /** Fills one process of the service and follows the log; returns when another one is there. */
  async #feedOneInstance(): Promise<void> {
    const { log, index, nowMs, checkIntervalMs } = this.#options
    const { instanceId, indexSize } = await index.status(this.#callOptions())
    this.#subscription = null
    this.#stats = { ...this.#stats, indexSize, isFilled: false }
    let isReplaced = false
    const checkInstance = async () => {
      const status = await index.status(this.#callOptions())
      if (status.instanceId !== instanceId) isReplaced = true
    }
    const start = { kind: 'since', sinceMs: nowMs() - INDEX_RETENTION_MS } as const
    const subscription = await log.subscribe('posts', start, async (batch) => {
      await this.#noting(checkInstance)
      if (isReplaced) this.#wakeUp.wake()
      else await this.#noting(() => this.#apply(batch))
    })
    this.#subscription = subscription
    this.#stats = { ...this.#stats, fills: this.#stats.fills + 1 }
    const begunAtMs = nowMs()
    this.#tellFill('begun', instanceId, 0)
    subscription.caughtUp.then(
      () => {
        if (isReplaced) return
        this.#stats = { ...this.#stats, isFilled: true }
        this.#tellFill('complete', instanceId, nowMs() - begunAtMs)
        this.#resolveCaughtUp()
      },
      () => undefined,
    )
    try {
      while (!isReplaced && !this.#isClosed) {
        await this.#wakeUp.sleep(checkIntervalMs)
        // A service that is away for a moment keeps its index.
        if (!isReplaced && !this.#isClosed) await this.#noting(checkInstance).catch(() => undefined)
      }
    } finally {
      await subscription.close()
    }
  }

  #tellFill(state: IndexFill['state'], instanceId: string, durationMs: number): void {
    const { fills, indexSize } = this.#stats
    const events = this.progress().total
    this.#options.onFill({ state, instanceId, fills, events, indexSize, durationMs })
  }

  async #apply(batch: readonly ConsumedRecord[]): Promise<void> {
    const { index, nowMs } = this.#options
    const { upserts, removals, rejected, newestAtMs } = toIndexChanges(batch, nowMs())
    if (removals.length > 0) this.#noteSize(await index.remove(removals, this.#callOptions()))
    for (let start = 0; start < upserts.length; start += POSTS_PER_UPSERT_MAX) {
      await this.#upsert(upserts.slice(start, start + POSTS_PER_UPSERT_MAX))
    }
    this.#stats = {
      ...this.#stats,
      rejected: this.#stats.rejected + rejected,
      newestAppliedAtMs: Math.max(this.#stats.newestAppliedAtMs, newestAtMs),
    }
  }

  /** Halves what the service refuses until the posts at fault stand alone: those stay out. */
  async #upsert(posts: readonly IndexedPost[]): Promise<void> {
    try {
      this.#noteSize(await this.#options.index.upsert(posts, this.#callOptions()))
    } catch (error) {
      const isRefused = error instanceof PhoenixError && error.code === 'invalid_argument'
      if (!isRefused) throw error
      if (posts.length === 1) {
        this.#stats = { ...this.#stats, rejected: this.#stats.rejected + 1, lastError: error }
        return
      }
      const middle = posts.length >>> 1
      await this.#upsert(posts.slice(0, middle))
      await this.#upsert(posts.slice(middle))
    }
  }

  #noteSize(indexSize: number): void {
    this.#stats = { ...this.#stats, indexSize }
  }

  async #noting(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#noteFailure(error)
      throw error
    }
  }

  #noteFailure(error: unknown): void {
    this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastError: error }
  }

  #callOptions(): CallOptions {
    return {
      signal: this.#closing.signal,
      deadlineMs: this.#options.nowMs() + INDEX_CALL_TIMEOUT_MS,
    }
  }
}
