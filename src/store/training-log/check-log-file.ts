import { asyncBufferFromFile, parquetMetadataAsync, type FileMetaData } from 'hyparquet'
import { ACTIONS_SHA256 } from '../../gen/actions.ts'
import { ACTION_COLUMNS, IMPRESSION_COLUMNS, TRAINING_LOG_VERSION } from './log-columns.ts'
import type { LogFile } from './log-files.ts'

/** A directory or file that cannot be used, in one sentence with what to do. */
export class TrainingLogError extends Error {
  override readonly name = 'TrainingLogError'
}

export interface CheckedLogFile {
  readonly rows: number
  /** False: outcomes may still come, so another file will say the same rows again. */
  readonly isFinal: boolean
}

async function readMetadata(path: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(await asyncBufferFromFile(path))
  } catch (cause) {
    throw new TrainingLogError(`${path} is no Parquet file, or a torn one: take it away.`, {
      cause,
    })
  }
}

/** @throws {TrainingLogError} for a file that this release cannot read, with what it found. */
export async function checkLogFile({ kind, path }: LogFile): Promise<CheckedLogFile> {
  const metadata = await readMetadata(path)
  const values = new Map(
    (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
  )
  const version = values.get('homefeed.training_log.version') ?? 'none'
  if (version !== String(TRAINING_LOG_VERSION)) {
    throw new TrainingLogError(
      `${path} has schema version ${version}, and this release reads version ` +
        `${TRAINING_LOG_VERSION}: export it again with a release of that version.`,
    )
  }
  const found = values.get('homefeed.training_log.kind')
  if (found !== kind) {
    throw new TrainingLogError(`${path} holds ${found}, not ${kind}: it lies in a wrong folder.`)
  }
  if (values.get('homefeed.actions_sha256') !== ACTIONS_SHA256) {
    throw new TrainingLogError(
      `${path} was written with another schema/actions.json: its outcomes mean something else.`,
    )
  }
  const columns = kind === 'impressions' ? IMPRESSION_COLUMNS : ACTION_COLUMNS
  for (const { element } of columns) {
    const stored = metadata.schema.find(({ name }) => name === element.name)
    if (stored?.type !== element.type || stored?.converted_type !== element.converted_type) {
      const what = stored === undefined ? 'lacks' : 'has another type for'
      throw new TrainingLogError(`${path} ${what} the column ${element.name}.`)
    }
  }
  return {
    rows: Number(metadata.num_rows),
    isFinal: values.get('homefeed.training_log.final') === 'true',
  }
}
