import type { Kysely } from 'kysely'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tables } from '../tables.ts'
import type { LogKind } from './log-columns.ts'
import { ACTIONS_DONE, IMPRESSIONS, type LogDataSet } from './log-data-sets.ts'
import { HOUR_MS, nameOfHour } from './log-hour.ts'
import type { RowRange } from './log-rows.ts'
import { PartFile, UNFINISHED } from './part-file.ts'
import { TRAINING_LOG_PARAMS } from './training-log.params.ts'

export interface WriteHourOptions {
  readonly directory: string
  /** Start of the hour, epoch ms. */
  readonly hourMs: number
  /** `part-…` for final rows, `open-…` for others: what the names begin with. */
  readonly prefix: string
  readonly isFinal: boolean
  readonly bounds?: PartBounds
}

/** How much is in memory, and in a file, at once. */
export interface PartBounds {
  readonly rowsPerGroup: number
  readonly groupsPerPart: number
}

/** Rows written, by data set. */
export type RowsWritten = Readonly<Record<LogKind, number>>

/** Files of an earlier try that this one did not write over. */
async function removeOthers(
  folder: string,
  prefix: string,
  names: ReadonlySet<string>,
): Promise<void> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const stale = present.filter(
    (name) => name.replace(UNFINISHED, '').startsWith(prefix) && !names.has(name),
  )
  for (const name of stale) await rm(join(folder, name))
}

async function writeDataSet<Row extends { readonly atMs: number; readonly key: string }>(
  database: Kysely<Tables>,
  { kind, columns, read }: LogDataSet<Row>,
  { directory, hourMs, prefix, isFinal, bounds = TRAINING_LOG_PARAMS }: WriteHourOptions,
): Promise<number> {
  const { rowsPerGroup, groupsPerPart } = bounds
  const folder = join(directory, kind, nameOfHour(hourMs))
  const names = new Set<string>()
  let rowCount = 0
  let after: RowRange['after'] = null
  for (let isDone = false; !isDone;) {
    const part = new PartFile<Row>({ kind, columns, isFinal })
    for (let group = 0; group < groupsPerPart && !isDone; group += 1) {
      const range = { fromMs: hourMs, untilMs: hourMs + HOUR_MS, after, limit: rowsPerGroup }
      const rows = await read(database, range)
      const last = rows.at(-1)
      if (last !== undefined) {
        await part.add(rows)
        after = { atMs: last.atMs, key: last.key }
      }
      isDone = rows.length < rowsPerGroup
    }
    if (part.rowCount === 0) break
    const name = `${prefix}-${String(names.size).padStart(4, '0')}.parquet`
    await part.save(join(folder, name))
    names.add(name)
    rowCount += part.rowCount
  }
  await removeOthers(folder, prefix, names)
  return rowCount
}

/**
 * Writes the rows of one hour as Parquet, a file a hundred thousand. Written again, an hour has
 * the same files: a crash before its rows leave the tables does no harm.
 */
export async function writeHour(
  database: Kysely<Tables>,
  options: WriteHourOptions,
): Promise<RowsWritten> {
  return {
    impressions: await writeDataSet(database, IMPRESSIONS, options),
    actions: await writeDataSet(database, ACTIONS_DONE, options),
  }
}
