import type { Kysely } from 'kysely'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tables } from '../tables.ts'
import { ACTION_COLUMNS, IMPRESSION_COLUMNS, type LogColumn, type LogKind } from './log-columns.ts'
import { HOUR_MS, nameOfHour } from './log-hour.ts'
import { readActionRows, readImpressionRows, type RowRange } from './log-rows.ts'
import { PartFile } from './part-file.ts'
import { TRAINING_LOG_PARAMS } from './training-log.params.ts'

interface Keyed {
  readonly atMs: number
  readonly key: string
}

interface DataSet<Row extends Keyed> {
  readonly kind: LogKind
  readonly columns: readonly LogColumn<Row>[]
  readonly read: (database: Kysely<Tables>, range: RowRange) => Promise<readonly Row[]>
}

const IMPRESSIONS: DataSet<Keyed & Parameters<(typeof IMPRESSION_COLUMNS)[0]['value']>[0]> = {
  kind: 'impressions',
  columns: IMPRESSION_COLUMNS,
  read: readImpressionRows,
}
