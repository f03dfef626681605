import { CompiledQuery } from 'kysely'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { ACTIONS } from '../../gen/actions.ts'
import type { Database } from '../database.ts'
import { ImportDirectoryError } from '../import/find-import-files.ts'
import { EXPORT_KINDS, INTERNAL_COLUMNS, type ExportKind } from './export-kind.ts'

/** Rows of one statement. */
const PAGE_ROWS = 10_000
const STATEMENT_TIMEOUT_MS = 300_000

export interface ExportOptions {
  readonly database: Database
  /** Made when absent; must hold no import files yet. */
  readonly directory: string
  readonly onProgress?: (kind: string, rows: number) => void
}

export interface ExportedFile {
  readonly path: string
  readonly rows: number
}

type Row = Readonly<Record<string, unknown>>

async function readPage(
  database: Database,
  kind: ExportKind,
  last: Row | null,
): Promise<readonly Row[]> {
  const names = kind.keys.map(({ column }) => `"${column}"`).join(', ')
  const after = kind.keys.map(({ type }, index) => `$${index + 1}::${type}`).join(', ')
  const statement = [
    `select * from (${kind.statement}) exported`,
    last === null ? '' : `where (${names}) > (${after})`,
    `order by ${names} limit ${PAGE_ROWS}`,
  ].join(' ')
  const parameters = last === null ? [] : kind.keys.map(({ column }) => last[column])
  const query = CompiledQuery.raw(statement, parameters)
  return (await database.kysely.executeQuery<Row>(query)).rows
}

/** Times and action as the import reads them, defaults and nulls left out. */
function toLine(row: Row): string {
  const entries = Object.entries(row).flatMap(([column, value]): [string, unknown][] => {
    if (column === 'action_index') {
      return [['action', ACTIONS.find((action) => action.index === value)?.name]]
    }
    if (INTERNAL_COLUMNS.has(column) || value === null || value === false) return []
    return [[column, column === 'at' ? Number(value) : value]]
  })
  return `${JSON.stringify(Object.fromEntries(entries))}\n`
}

async function exportKind(options: ExportOptions, kind: ExportKind): Promise<ExportedFile> {
  const { database, directory, onProgress } = options
  const path = join(directory, `${kind.name}.jsonl.gz`)
  const gzip = createGzip({ level: 6 })
  const written = pipeline(gzip, createWriteStream(`${path}.part`))
  let rows = 0
  let last: Row | null = null
  try {
    do {
      const page: readonly Row[] = await readPage(database, kind, last)
      if (!gzip.write(page.map(toLine).join(''))) await once(gzip, 'drain')
      rows += page.length
      onProgress?.(kind.name, rows)
      last = page.length < PAGE_ROWS ? null : (page.at(-1) ?? null)
    } while (last !== null)
  } finally {
    gzip.end()
    await written
  }
  renameSync(`${path}.part`, path)
  return { path, rows }
}

/**
 * Writes the whole store in the import format, one gzipped JSON Lines file a kind, the same bytes
 * for the same store. Not included: what was served, the outbox, the demo world's marker.
 * Importing it elsewhere gives an equal store.
 *
 * @throws ImportDirectoryError when the folder holds import files already.
 */
export async function exportDirectory(options: ExportOptions): Promise<readonly ExportedFile[]> {
  const { directory } = options
  const taken = existsSync(directory)
    ? readdirSync(directory).find((name) => /\.(jsonl|csv)(\.gz)?$/.test(name))
    : undefined
  if (taken !== undefined) {
    throw new ImportDirectoryError(`${directory} already holds ${taken}: give an empty folder.`)
  }
  mkdirSync(directory, { recursive: true })
  const database = options.database.withQueryTimeout(STATEMENT_TIMEOUT_MS)
  try {
    const files: ExportedFile[] = []
    for (const kind of EXPORT_KINDS) files.push(await exportKind({ ...options, database }, kind))
    return files
  } finally {
    await database.close()
  }
}
