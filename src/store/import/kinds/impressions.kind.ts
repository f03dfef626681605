import { sql } from 'kysely'
import { countViews } from '../../count-views.ts'
import type { ImportKind } from '../import-kind.ts'
import { namesOf, unnest, type UnnestColumn } from '../unnest.ts'

/** Older impressions belong to the training log alone. */
const KEPT_MS = 48 * 3_600_000

interface ImportedImpression {
  readonly viewerId: string
  readonly postId: string
  readonly atMs: number
  readonly postAuthorId: string | null
  readonly position: number | null
  readonly surface: string | null
  readonly source: string | null
  readonly propensity: number | null
  readonly requestId: string | null
  readonly outcomes: Readonly<Record<string, number>> | null
  readonly dwellMs: number | null
}

const COLUMNS: readonly UnnestColumn<ImportedImpression>[] = [
  { name: 'viewer_id', type: 'bigint', value: (impression) => impression.viewerId },
  { name: 'post_id', type: 'bigint', value: (impression) => impression.postId },
  { name: 'at_ms', type: 'bigint', value: (impression) => impression.atMs },
  { name: 'post_author_id', type: 'bigint', value: (impression) => impression.postAuthorId },
  { name: 'position', type: 'integer', value: (impression) => impression.position },
  { name: 'surface', type: 'text', value: (impression) => impression.surface },
  { name: 'source', type: 'text', value: (impression) => impression.source },
  { name: 'propensity', type: 'double precision', value: (impression) => impression.propensity },
  { name: 'request_id', type: 'text', value: (impression) => impression.requestId },
  {
    name: 'outcomes',
    type: 'jsonb',
    value: ({ outcomes }) => (outcomes === null ? null : JSON.stringify(outcomes)),
  },
  { name: 'dwell_ms', type: 'integer', value: (impression) => impression.dwellMs },
]

export const impressionsKind: ImportKind<ImportedImpression> = {
  name: 'impressions',
  columns: [
    'viewer_id',
    'post_id',
    'at',
    'post_author_id',
    'position',
    'surface',
    'source',
    'propensity',
    'request_id',
    'outcomes',
    'dwell_ms',
  ],
  read(row, nowMs) {
    const impression = {
      viewerId: row.id('viewer_id'),
      postId: row.id('post_id'),
      atMs: row.timeMs('at'),
      postAuthorId: row.optionalId('post_author_id'),
      position: row.optionalInteger('position'),
      surface: row.optionalText('surface', 100),
      source: row.optionalText('source', 100),
      propensity: row.optionalNumber('propensity'),
      requestId: row.optionalText('request_id', 200),
      outcomes: row.numbers('outcomes'),
      dwellMs: row.optionalInteger('dwell_ms'),
    }
    return impression.atMs < nowMs - KEPT_MS ? null : impression
  },
  async write(rows, { transaction }) {
    const impressions = rows.map((row) => row.value)
    const { rows: written } = await sql<{ post_id: string }>`
      insert into impressions (${namesOf(COLUMNS)})
      select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, impressions)}
      on conflict do nothing returning post_id`.execute(transaction)
    await countViews(
      transaction,
      written.map((row) => row.post_id),
    )
    return []
  },
}
