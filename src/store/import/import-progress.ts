import type { Kysely } from 'kysely'
import type { Tables } from '../tables.ts'

/** How far one file, known by its content, has come in. */
export interface FileProgress {
  /** Lines up to this one are in, rejected or skipped. */
  readonly lines: number
  readonly accepted: number
  readonly rejected: number
  readonly skipped: number
  readonly finished: boolean
}

export interface FileIdentity {
  readonly file: string
  readonly sha256: string
}

export const NO_PROGRESS: FileProgress = {
  lines: 0,
  accepted: 0,
  rejected: 0,
  skipped: 0,
  finished: false,
}

export async function readProgress(
  database: Kysely<Tables>,
  identity: FileIdentity,
): Promise<FileProgress> {
  const row = await database
    .selectFrom('import_progress')
    .select(['lines', 'accepted', 'rejected', 'skipped', 'finished'])
    .where('file', '=', identity.file)
    .where('sha256', '=', identity.sha256)
    .executeTakeFirst()
  return row ?? NO_PROGRESS
}

/** In the transaction of the rows that it counts. */
export async function writeProgress(
  transaction: Kysely<Tables>,
  identity: FileIdentity,
  progress: FileProgress,
): Promise<void> {
  await transaction
    .insertInto('import_progress')
    .values({ ...identity, ...progress })
    .onConflict((conflict) => conflict.columns(['file', 'sha256']).doUpdateSet({ ...progress }))
    .execute()
}
