import type { Kysely } from 'kysely'
import type { Tables } from '../tables.ts'
import { ACTION_COLUMNS, IMPRESSION_COLUMNS, type LogColumn, type LogKind } from './log-columns.ts'
import {
  readActionRows,
  readImpressionRows,
  type ActionLogRow,
  type ImpressionLogRow,
  type RowRange,
} from './log-rows.ts'

/** One of the log's data sets: how it is read from the tables, and its columns in a file. */
export interface LogDataSet<Row extends { readonly atMs: number; readonly key: string }> {
  readonly kind: LogKind
  readonly table: 'training_impressions' | 'training_actions'
  readonly columns: readonly LogColumn<Row>[]
  readonly read: (database: Kysely<Tables>, range: RowRange) => Promise<readonly Row[]>
}

export const IMPRESSIONS: LogDataSet<ImpressionLogRow> = {
  kind: 'impressions',
  table: 'training_impressions',
  columns: IMPRESSION_COLUMNS,
  read: readImpressionRows,
}

export const ACTIONS_DONE: LogDataSet<ActionLogRow> = {
  kind: 'actions',
  table: 'training_actions',
  columns: ACTION_COLUMNS,
  read: readActionRows,
}
