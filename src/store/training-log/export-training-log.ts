import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { Database } from '../database.ts'
import { checkLogFile, TrainingLogError } from './check-log-file.ts'
import { listLogFiles } from './log-files.ts'
import { hourOf, nameOfHour } from './log-hour.ts'
import { writeDurably } from './part-file.ts'
import { readOpenHours, readTrainingLogState } from './training-log-state.ts'
import { writeHour } from './write-hour.ts'

export interface ExportTrainingLogOptions {
  /** The log of this gateway. */
  readonly directory: string
  /** Where the copy goes; made when it is absent. */
  readonly out: string
  /** Hours that begin before it are left out, epoch ms. */
  readonly sinceMs?: number
  /** Hours that begin at it or later are left out, epoch ms. */
  readonly untilMs?: number
  /** Also the rows that are not final, with the outcomes so far; null = without. */
  readonly open: Database | null
  readonly onProgress?: (done: number, total: number) => void
}

/** Rows that were copied, or written from the tables. */
export interface ExportedTrainingLog {
  readonly files: number
  readonly impressions: number
  readonly actions: number
  readonly openImpressions: number
  readonly openActions: number
}

function refuseOwnFolder(directory: string, out: string): void {
  const [own, other] = [resolve(directory) + sep, resolve(out) + sep]
  if (!own.startsWith(other) && !other.startsWith(own)) return
  throw new TrainingLogError(`${out} is the log, holds it or lies in it: give another folder.`)
}

/**
 * Copies the final hours of a range, and on request writes the open ones beside them.
 *
 * @throws {TrainingLogError} when a file cannot be read, or the copy would lie in the log.
 */
export async function exportTrainingLog(
  options: ExportTrainingLogOptions,
): Promise<ExportedTrainingLog> {
  const { directory, out, sinceMs = 0, untilMs = Infinity, open, onProgress } = options
  refuseOwnFolder(directory, out)
  const counts = { impressions: 0, actions: 0, openImpressions: 0, openActions: 0 }
  const isAsked = (hourMs: number): boolean => hourMs >= hourOf(sinceMs) && hourMs < untilMs
  const before = open === null ? null : await readTrainingLogState(open.kysely)
  const openHours = open === null ? [] : await readOpenHours(open.kysely, Number.MAX_SAFE_INTEGER)
  const files = (await listLogFiles(directory)).filter(({ hourMs }) => isAsked(hourMs))
  for (const [done, file] of files.entries()) {
    counts[file.kind] += (await checkLogFile(file)).rows
    const path = join(out, file.kind, nameOfHour(file.hourMs), file.name)
    await writeDurably(path, await readFile(file.path))
    onProgress?.(done + 1, files.length)
  }
  for (const hourMs of openHours.filter(isAsked)) {
    if (open === null) break
    const hour = { directory: out, hourMs, prefix: 'open', isFinal: false }
    const rows = await writeHour(open.kysely, hour)
    counts.openImpressions += rows.impressions
    counts.openActions += rows.actions
  }
  const after = open === null ? null : await readTrainingLogState(open.kysely)
  if (after?.finalUntilMs !== before?.finalUntilMs) {
    throw new TrainingLogError('An hour became final during the export: empty the copy, try again.')
  }
  return { files: files.length, ...counts }
}
