import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkLogFile, TrainingLogError } from './check-log-file.ts'
import { listLogFiles, type LogFile } from './log-files.ts'
import { nameOfHour } from './log-hour.ts'
import { writeDurably } from './part-file.ts'

export interface ImportedTrainingLog {
  /** Files that are new here. */
  readonly added: number
  /** Files that lay here already, byte for byte. */
  readonly known: number
  /** Files of hours that were not final when they were exported: left out. */
  readonly open: number
  readonly rows: number
}

async function readIfPresent(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Checks every file before the first is written. */
async function checkAll(files: readonly LogFile[]) {
  const checked = []
  for (const file of files) checked.push({ file, ...(await checkLogFile(file)) })
  return checked
}

/**
 * Takes the final hours of an export into a log. Files keep their names, which say the database
 * that they came from, so an import again adds nothing.
 *
 * @throws {TrainingLogError} when a file is of another schema, or differs from the one of its name;
 * nothing is written then.
 */
export async function importTrainingLog(
  from: string,
  directory: string,
): Promise<ImportedTrainingLog> {
  const files = await listLogFiles(from)
  if (files.length === 0) {
    throw new TrainingLogError(
      `${from} holds no training log: give a folder that \`export\` wrote.`,
    )
  }
  const counts = { added: 0, known: 0, open: 0, rows: 0 }
  const fresh: { readonly from: string; readonly to: string; readonly rows: number }[] = []
  for (const { file, rows, isFinal } of await checkAll(files)) {
    if (!isFinal) {
      counts.open += 1
      continue
    }
    const path = join(directory, file.kind, nameOfHour(file.hourMs), file.name)
    const present = await readIfPresent(path)
    if (present === null) fresh.push({ from: file.path, to: path, rows })
    else if (present.equals(await readFile(file.path))) counts.known += 1
    else {
      throw new TrainingLogError(
        `${file.path} differs from the file of that name in ${directory}: one of them was ` +
          'changed. Take one away.',
      )
    }
  }
  for (const { from: source, to, rows } of fresh) {
    await writeDurably(to, await readFile(source))
    counts.added += 1
    counts.rows += rows
  }
  return counts
}
