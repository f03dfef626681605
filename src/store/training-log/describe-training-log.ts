import { checkLogFile } from './check-log-file.ts'
import { listLogFiles } from './log-files.ts'
import { HOUR_MS } from './log-hour.ts'

/** What a log's files hold. */
export interface TrainingLogDescription {
  readonly files: number
  readonly hours: number
  readonly impressions: number
  readonly actions: number
  /** Start of the oldest hour and end of the newest, epoch ms; null = the log is empty. */
  readonly fromMs: number | null
  readonly untilMs: number | null
}

/** @throws {TrainingLogError} for a file that cannot be read. */
export async function describeTrainingLog(directory: string): Promise<TrainingLogDescription> {
  const files = await listLogFiles(directory)
  const rows = { impressions: 0, actions: 0 }
  for (const file of files) rows[file.kind] += (await checkLogFile(file)).rows
  const hours = [...new Set(files.map(({ hourMs }) => hourMs))].toSorted((a, b) => a - b)
  const [first = null, last = null] = [hours.at(0), hours.at(-1)]
  return {
    files: files.length,
    hours: hours.length,
    ...rows,
    fromMs: first,
    untilMs: last === null ? null : last + HOUR_MS,
  }
}
