import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PostStore } from './post-store.ts'
import { TRIM_INTERVAL_MS } from './thunder.params.ts'

/** Removes expired posts from a store, now and then, in slices that let requests in between. */
export class Retention {
  readonly #store: PostStore
  readonly #intervalMs: number
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(store: PostStore, intervalMs = TRIM_INTERVAL_MS) {
    this.#store = store
    this.#intervalMs = intervalMs
  }

  /** Trims every interval from now on. Does not keep the process alive. */
  start(): void {
    this.#timer ??= setInterval(() => void this.trim(), this.#intervalMs).unref()
  }

  /** Trims once; joins a trim that is under way. */
  trim(): Promise<void> {
    this.#running ??= this.#trimInSlices().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Stops; resolves when a running trim has ended its slice. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #trimInSlices(): Promise<void> {
    for (const slice of this.#store.trimSlices()) {
      void slice
      await nextTurn()
      if (this.#isClosed) return
    }
  }
}
