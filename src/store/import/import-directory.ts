import type { Database } from '../database.ts'
import { migrate } from '../migrate.ts'
import { findDangling, type Dangling } from './find-dangling.ts'
import { checkImportDirectory, findImportFile, ImportDirectoryError } from './find-import-files.ts'
import { importFile, type FileReport } from './import-file.ts'
import type { ImportKind } from './import-kind.ts'
import { engagementsKind } from './kinds/engagements.kind.ts'
import { followsKind } from './kinds/follows.kind.ts'
import { impressionsKind } from './kinds/impressions.kind.ts'
import { labelsKind } from './kinds/labels.kind.ts'
import { postsKind } from './kinds/posts.kind.ts'
import { relationsKind } from './kinds/relations.kind.ts'
import { takedownsKind } from './kinds/takedowns.kind.ts'
import { usersKind } from './kinds/users.kind.ts'
import { settleImport } from './settle-import.ts'

/** In this order, so that a post's event knows its author. */
const KINDS: readonly ImportKind<unknown>[] = [
  usersKind,
  followsKind,
  relationsKind,
  postsKind,
  labelsKind,
  takedownsKind,
  engagementsKind,
  impressionsKind,
]

/** A bulk statement may take long; nobody waits for its answer. */
const STATEMENT_TIMEOUT_MS = 300_000

export interface ImportProgress {
  readonly kind: string
  /** Bytes of all files read so far, and of all files. */
  readonly bytes: number
  readonly bytesTotal: number
}

export interface ImportOptions {
  /** Null checks the files only, and what only the tables know goes unchecked. */
  readonly database: Database | null
  readonly directory: string
  readonly nowMs: number
  /** Stop at the first line that cannot be used. */
  readonly failFast?: boolean
  readonly onProgress?: (progress: ImportProgress) => void
}

export interface ImportReport {
  readonly files: readonly FileReport[]
  /** Empty when nothing was written. */
  readonly dangling: readonly Dangling[]
  /** True when a line was rejected, now or in the run that this one continued. */
  readonly hasRejects: boolean
}

/**
 * Imports a directory as spec/import.md says: migrates, then each file in turn, continuing where an
 * interrupted run stopped. Files whose content was imported before change nothing.
 *
 * @throws ImportDirectoryError for a missing or unreadable folder or file.
 */
export async function importDirectory(options: ImportOptions): Promise<ImportReport> {
  const { directory, nowMs, onProgress } = options
  checkImportDirectory(directory)
  const found = KINDS.flatMap((kind) => {
    const file = findImportFile(directory, kind.name)
    return file === null ? [] : [{ kind, file }]
  })
  if (found.length === 0) {
    const names = KINDS.map((kind) => kind.name).join(', ')
    throw new ImportDirectoryError(
      `${directory} holds nothing to import: name files ${names} (.jsonl or .csv, or with .gz).`,
    )
  }
  if (options.database !== null) await migrate(options.database)
  const database = options.database?.withQueryTimeout(STATEMENT_TIMEOUT_MS) ?? null
  const bytesTotal = found.reduce((sum, { file }) => sum + file.bytes, 0)
  let bytesDone = 0
  const files: FileReport[] = []
  try {
    for (const { kind, file } of found) {
      let bytes = bytesDone
      const onBytes = (read: number): void => {
        bytes += read
        onProgress?.({ kind: kind.name, bytes, bytesTotal })
      }
      const failFast = options.failFast ?? false
      const report = await importFile(kind, file, { database, directory, nowMs, failFast, onBytes })
      files.push(report)
      bytesDone += file.bytes
      onProgress?.({ kind: kind.name, bytes: bytesDone, bytesTotal })
      if (report.stoppedAt !== null) break
    }
    if (database !== null) await settleImport(database)
    return {
      files,
      dangling: database === null ? [] : await findDangling(database),
      hasRejects: files.some((file) => file.rejected > 0),
    }
  } finally {
    await database?.close()
  }
}
