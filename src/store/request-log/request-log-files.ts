import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { LoggedRequest, RequestLog } from './logged-request.ts'

const compress = promisify(gzip)

/** Requests that wait for the disk at once. */
const WAITING_MAX = 100
const FILE_NAME = /^requests-\d{8}T\d{9}Z-\d+-\d+\.jsonl\.gz$/

/** Where a gateway keeps it. */
export function requestLogDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'request-log')
}

export interface RequestLogOptions {
  readonly directory: string
  /** Bytes after which another file is begun. */
  readonly fileBytesMax: number
  /** Bytes of all files; the oldest go. */
  readonly totalBytesMax: number
  /** Epoch ms; names files. */
  now(): number
}

/**
 * Requests as compressed JSON Lines in files of their own for each process, bounded in bytes. Each
 * line is a gzip member: whole lines are readable however the process ended, and `zcat` reads all.
 * Readable by the owner alone, since it says who was shown what.
 */
export class RequestLogFiles implements RequestLog {
  readonly #options: RequestLogOptions
  #waiting = 0
  #file: { readonly path: string; bytes: number } | null = null
  #filesBegun = 0
  /** The tail of the queue for the file. */
  #queue: Promise<void> = Promise.resolve()

  constructor(options: RequestLogOptions) {
    this.#options = options
  }

  async write(request: LoggedRequest): Promise<void> {
    if (this.#waiting >= WAITING_MAX) throw new Error('too many requests wait for the request log')
    this.#waiting += 1
    try {
      const line = await compress(`${JSON.stringify(request)}\n`)
      const written = this.#queue.then(() => this.#append(line))
      this.#queue = written.catch(() => undefined)
      await written
    } finally {
      this.#waiting -= 1
    }
  }

  async #append(line: Buffer): Promise<void> {
    const { directory, fileBytesMax } = this.#options
    if (this.#file === null || this.#file.bytes + line.length > fileBytesMax) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      this.#file = { path: join(directory, this.#nextName()), bytes: 0 }
      await this.#forgetOldest(line.length)
    }
    const file = this.#file
    try {
      await appendFile(file.path, line, { mode: 0o600 })
      file.bytes += line.length
    } catch (error) {
      // Half a line may stand at its end: nothing may follow it.
      this.#file = null
      throw error
    }
  }

  #nextName(): string {
    const time = new Date(this.#options.now()).toISOString().replaceAll(/[-:.]/g, '')
    this.#filesBegun += 1
    return `requests-${time}-${process.pid}-${this.#filesBegun}.jsonl.gz`
  }

  /** Makes room for a whole new file. */
  async #forgetOldest(comingBytes: number): Promise<void> {
    const { directory, fileBytesMax, totalBytesMax } = this.#options
    const files = await listRequestLogFiles(directory)
    const room = totalBytesMax - Math.max(fileBytesMax, comingBytes)
    let kept = 0
    for (const { path, bytes } of files.toReversed()) {
      kept += bytes
      if (kept > room) await rm(path, { force: true })
    }
  }
}

export interface RequestLogFile {
  readonly path: string
  readonly bytes: number
}

/** Oldest first; empty when there is no such directory. */
export async function listRequestLogFiles(directory: string): Promise<readonly RequestLogFile[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const paths = names.filter((name) => FILE_NAME.test(name)).map((name) => join(directory, name))
  const files = await Promise.all(
    paths.map(async (path) => {
      const bytes = await stat(path).then(
        ({ size }) => size,
        () => null,
      )
      return bytes === null ? [] : [{ path, bytes }]
    }),
  )
  return files.flat().toSorted((a, b) => compareNames(a.path, b.path))
}

/** By time, then process, then number. */
function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
