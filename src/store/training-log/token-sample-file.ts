import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TokenSample } from '../../phoenix/sampled-ranking-client.ts'

/** A file of this size makes room for a new one; with the one before, both are kept. */
const FILE_BYTES_MAX = 64 * 1024 * 1024
/** Waiting for the disk: beyond it samples are dropped, and counted. */
const WAITING_MAX = 100

/**
 * Samples of what serving fed to the model, as JSON Lines beside the training log. Bounded: two
 * files of 64 MB, a hundred samples in memory. A sample is worth less than a request, so a full
 * disk loses samples and nothing else.
 */
export class TokenSampleFile {
  readonly #directory: string
  #waiting = 0
  #dropped = 0
  #written = 0
  #lastError: unknown = null
  /** The tail of the queue for the file. */
  #queue: Promise<void> = Promise.resolve()

  /** @param directory of the training log. */
  constructor(directory: string) {
    this.#directory = directory
  }

  get path(): string {
    return join(this.#directory, 'token-samples.jsonl')
  }

  stats(): { readonly written: number; readonly dropped: number; readonly lastError: unknown } {
    return { written: this.#written, dropped: this.#dropped, lastError: this.#lastError }
  }

  /** Never waits and never throws. */
  add({ requestId, modelVersion, request }: TokenSample): void {
    if (this.#waiting >= WAITING_MAX) {
      this.#dropped += 1
      return
    }
    const base64 = Buffer.from(request).toString('base64')
    const line = `${JSON.stringify({ requestId, modelVersion, request: base64 })}\n`
    this.#waiting += 1
    this.#queue = this.#queue.then(() => this.#append(line))
  }

  /** Waits for what is on its way: at shutdown, in tests. */
  async close(): Promise<void> {
    await this.#queue
  }

  async #append(line: string): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true })
      const size = await stat(this.path).then(
        (found) => found.size,
        () => 0,
      )
      if (size + line.length > FILE_BYTES_MAX) await rename(this.path, `${this.path}.before`)
      await appendFile(this.path, line)
      this.#written += 1
    } catch (error) {
      this.#dropped += 1
      this.#lastError = error
    } finally {
      this.#waiting -= 1
    }
  }
}
