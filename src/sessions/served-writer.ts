import type { ServedRecord, ViewerStore } from '../store/viewer-store.ts'

export interface ServedWriterOptions {
  readonly viewerStore: Pick<ViewerStore, 'recordServed'>
  /** How long a page waits for its own write; a slower one goes on by itself. */
  readonly waitMs: number
  /** Told of every page that goes out, before its write. */
  readonly onServed?: ((record: ServedRecord) => void) | undefined
  /** Told about a write that failed: the page is returned all the same. */
  readonly onFailure: (record: ServedRecord, error: unknown) => void
}

/** Writes what pages returned. Never rejects and never holds a page longer than `waitMs`. */
export class ServedWriter {
  readonly #options: ServedWriterOptions
  readonly #running = new Set<Promise<void>>()

  constructor(options: ServedWriterOptions) {
    this.#options = options
  }

  /** Resolves when the write is done, or after `waitMs`: the next request should see it. */
  write(record: ServedRecord): Promise<void> {
    this.#options.onServed?.(record)
    const written = this.#options.viewerStore
      .recordServed(record)
      .catch((error: unknown) => this.#options.onFailure(record, error))
      .finally(() => this.#running.delete(written))
    this.#running.add(written)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.waitMs)
      void written.finally(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Waits for the writes under way: at shutdown, in tests. */
  async drain(): Promise<void> {
    await Promise.all(this.#running)
  }
}
