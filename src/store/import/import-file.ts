import type { Database } from '../database.ts'
import { sha256OfFile, type ImportFile } from './find-import-files.ts'
import type { ImportKind, ImportRow, Reject } from './import-kind.ts'
import {
  NO_PROGRESS,
  readProgress,
  writeProgress,
  type FileIdentity,
  type FileProgress,
} from './import-progress.ts'
import { readLines, type ReadLine } from './read-lines.ts'
import { RejectFile } from './reject-file.ts'
import { BadColumnError, RowReader } from './row-reader.ts'

/** Rows of one statement and one transaction. */
const BATCH_ROWS = 5_000

export interface ImportFileOptions {
  /** Null = only check the lines. */
  readonly database: Database | null
  readonly directory: string
  readonly nowMs: number
  readonly failFast: boolean
  /** Bytes read of the file so far. */
  readonly onBytes: (bytes: number) => void
}

export interface FileReport {
  readonly kind: string
  readonly path: string
  readonly lines: number
  readonly accepted: number
  readonly rejected: number
  readonly skipped: number
  /** An earlier run had finished it. */
  readonly alreadyImported: boolean
  readonly unknownColumns: readonly string[]
  /** With `failFast`: the line at which the import stopped. */
  readonly stoppedAt: Reject | null
  readonly rejectsPath: string
}

/** Lines on their way to one transaction, and the counts they lead to. */
interface Batch<T> {
  readonly rows: ImportRow<T>[]
  readonly rejects: Reject[]
  skipped: number
  lastLine: number
}

class FileImport<T> {
  readonly #kind: ImportKind<T>
  readonly #options: ImportFileOptions
  readonly #identity: FileIdentity
  readonly #rejectFile: RejectFile
  readonly #columns: ReadonlySet<string>
  readonly unknownColumns = new Set<string>()
  progress: FileProgress
  stoppedAt: Reject | null = null
  #batch: Batch<T>
  /** The batch on its way in while the next one is read. */
  #writing: Promise<void> = Promise.resolve()

  constructor(
    kind: ImportKind<T>,
    options: ImportFileOptions,
    start: { readonly identity: FileIdentity; readonly progress: FileProgress },
  ) {
    this.#kind = kind
    this.#options = options
    this.#identity = start.identity
    this.progress = start.progress
    this.#columns = new Set(kind.columns)
    this.#rejectFile = new RejectFile(options.directory, kind.name, start.progress.lines)
    this.#batch = this.#emptyBatch(start.progress.lines)
  }

  get rejectsPath(): string {
    return this.#rejectFile.path
  }

  #emptyBatch(lastLine: number): Batch<T> {
    return { rows: [], rejects: [], skipped: 0, lastLine }
  }

  async run(file: ImportFile): Promise<void> {
    const done = this.progress.lines
    const { batchRows = BATCH_ROWS } = this.#kind
    try {
      for await (const lines of readLines(file, this.#options.onBytes)) {
        for (const line of lines) {
          if (line.line <= done) continue
          this.#take(line)
          if (this.stoppedAt !== null) return
          if (this.#batch.rows.length + this.#batch.rejects.length >= batchRows) {
            await this.#flush(false)
          }
        }
      }
      await this.#flush(true)
    } finally {
      await this.#writing
    }
  }

  #take(read: ReadLine): void {
    const { line, text, values } = read
    this.#batch.lastLine = line
    if (values === null) {
      this.#reject({ line, text, reason: read.reason ?? 'the line cannot be read' })
      return
    }
    for (const column in values) {
      if (!this.#columns.has(column)) this.unknownColumns.add(column)
    }
    try {
      const value = this.#kind.read(new RowReader(values), this.#options.nowMs)
      if (value === null) this.#batch.skipped += 1
      else this.#batch.rows.push({ line, text, value })
    } catch (error) {
      if (!(error instanceof BadColumnError)) throw error
      this.#reject({ line, text, reason: error.message })
    }
  }

  #reject(reject: Reject): void {
    this.#batch.rejects.push(reject)
    if (this.#options.failFast) this.stoppedAt = reject
  }

  async #flush(finished: boolean): Promise<void> {
    const batch = this.#batch
    this.#batch = this.#emptyBatch(batch.lastLine)
    await this.#writing
    this.#writing = this.#write(batch, finished)
    if (finished) await this.#writing
    // Until the next flush awaits it, a failure must not count as unhandled.
    this.#writing.catch(() => {})
  }

  async #write(batch: Batch<T>, finished: boolean): Promise<void> {
    const { database, nowMs } = this.#options
    if (database === null) {
      this.#rejectFile.append(batch.rejects)
      this.progress = this.#advance(batch, batch.rejects.length, finished)
      return
    }
    this.progress = await database.kysely.transaction().execute(async (transaction) => {
      const refused =
        batch.rows.length === 0 ? [] : await this.#kind.write(batch.rows, { transaction, nowMs })
      const rejects = [...batch.rejects, ...refused]
      if (this.#options.failFast && refused[0] !== undefined) this.stoppedAt = refused[0]
      this.#rejectFile.append(rejects)
      const progress = this.#advance(batch, rejects.length, finished)
      await writeProgress(transaction, this.#identity, progress)
      return progress
    })
  }

  #advance(batch: Batch<T>, rejected: number, finished: boolean): FileProgress {
    const { progress } = this
    const lines = batch.rows.length + batch.rejects.length
    return {
      lines: batch.lastLine,
      accepted: progress.accepted + lines - rejected,
      rejected: progress.rejected + rejected,
      skipped: progress.skipped + batch.skipped,
      finished,
    }
  }
}

/**
 * Brings one file in, from where an earlier run stopped; a file that was finished changes nothing.
 *
 * @throws ImportDirectoryError when the file cannot be read to its end; what was read stays in.
 */
export async function importFile<T>(
  kind: ImportKind<T>,
  file: ImportFile,
  options: ImportFileOptions,
): Promise<FileReport> {
  const { database } = options
  const identity = { file: kind.name, sha256: await sha256OfFile(file.path) }
  const progress = database === null ? NO_PROGRESS : await readProgress(database.kysely, identity)
  const run = new FileImport(kind, options, { identity, progress })
  if (!progress.finished) await run.run(file)
  const { lines, accepted, rejected, skipped } = run.progress
  return {
    kind: kind.name,
    path: file.path,
    lines,
    accepted,
    rejected: rejected + (run.stoppedAt === null || rejected > 0 ? 0 : 1),
    skipped,
    alreadyImported: progress.finished,
    unknownColumns: [...run.unknownColumns],
    stoppedAt: run.stoppedAt,
    rejectsPath: run.rejectsPath,
  }
}
