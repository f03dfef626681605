import { SEEN_PARAMS } from '../../seen/seen.params.ts'
import { writeImpressions, type Impression } from '../../seen/write-impressions.ts'
import type { ImportKind } from '../import-kind.ts'

/** Rows and filters, as for what the event log brings. */
export const impressionsKind: ImportKind<Impression> = {
  name: 'impressions',
  // Each batch reads and writes the filters of all viewers in it: fewer batches, fewer of those.
  batchRows: 20_000,
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
      originalPostId: null,
    }
    return impression.atMs < nowMs - SEEN_PARAMS.importedAgeMs ? null : impression
  },
  async write(rows, { transaction, nowMs }) {
    await writeImpressions(
      transaction,
      rows.map((row) => row.value),
      nowMs,
    )
    return []
  },
}
