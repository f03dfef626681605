import type { SchemaElement } from 'hyparquet-writer'
import { ACTIONS, ACTIONS_SHA256, DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { ActionLogRow, ImpressionLogRow } from './log-rows.ts'

/** Of the files; a reader refuses another. */
export const TRAINING_LOG_VERSION = 1

/** Both data sets of the log, a folder each. */
export type LogKind = 'impressions' | 'actions'

/** One column of a file and where its values come from; null = not known. */
export interface LogColumn<Row> {
  readonly element: SchemaElement
  readonly value: (row: Row) => string | number | bigint | boolean | null
}

type Value<Row, T> = (row: Row) => T | null

function column<Row, T extends string | number | bigint | boolean>(
  element: SchemaElement,
  value: Value<Row, T>,
): LogColumn<Row> {
  return { element: { repetition_type: 'OPTIONAL', ...element }, value }
}

function text<Row>(name: string, value: Value<Row, string>): LogColumn<Row> {
  return column({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8' }, value)
}

function id<Row>(name: string, value: Value<Row, string>): LogColumn<Row> {
  const toBigInt = (row: Row) => {
    const text = value(row)
    return text === null ? null : BigInt(text)
  }
  return column({ name, type: 'INT64' }, toBigInt)
}

/** UTC, to the millisecond. */
function time<Row>(name: string, value: Value<Row, number>): LogColumn<Row> {
  const toBigInt = (row: Row) => {
    const atMs = value(row)
    return atMs === null ? null : BigInt(atMs)
  }
  return column({ name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, toBigInt)
}

function integer<Row>(name: string, value: Value<Row, number>): LogColumn<Row> {
  return column({ name, type: 'INT32' }, value)
}

function required<Row>({ element, value }: LogColumn<Row>): LogColumn<Row> {
  return { element: { ...element, repetition_type: 'REQUIRED' }, value }
}

/** 1 = the viewer did it, so that an average is a rate. */
const OUTCOMES = ACTIONS.slice(0, DISCRETE_ACTION_COUNT).map(({ name, index }) =>
  required(
    column(
      { name, type: 'INT32', converted_type: 'UINT_8' },
      ({ outcomes }: ImpressionLogRow): number => (outcomes >>> index) & 1,
    ),
  ),
)

export const IMPRESSION_COLUMNS: readonly LogColumn<ImpressionLogRow>[] = [
  text('request_id', ({ requestId }) => requestId),
  required(id('viewer_id', ({ viewerId }) => viewerId)),
  // What the ranker judged: the original of a repost.
  required(id('post_id', ({ postId }) => postId)),
  id('author_id', ({ authorId }) => authorId),
  // What stood in the feed: the repost itself.
  required(id('shown_post_id', ({ shownPostId }) => shownPostId)),
  required(integer('position', ({ position }) => position)),
  text('surface', ({ surface }) => surface),
  required(time('impressed_at', ({ atMs }) => atMs)),
  // The request's clock: the history ends before it, and ages are measured against it.
  time('ranked_at', ({ rankedAtMs }) => rankedAtMs),
  time('post_created_at', ({ postCreatedAtMs }) => postCreatedAtMs),
  text('source', ({ source }) => source),
  column({ name: 'propensity', type: 'DOUBLE' }, ({ propensity }) => propensity),
  text('model_version', ({ modelVersion }) => modelVersion),
  text('weights_version', ({ weightsVersion }) => weightsVersion),
  ...OUTCOMES,
  integer('dwell_ms', ({ dwellMs }) => dwellMs),
]

export const ACTION_COLUMNS: readonly LogColumn<ActionLogRow>[] = [
  required(id('viewer_id', ({ viewerId }) => viewerId)),
  required(id('post_id', ({ postId }) => postId)),
  id('author_id', ({ authorId }) => authorId),
  time('post_created_at', ({ postCreatedAtMs }) => postCreatedAtMs),
  // A name of actions.json, `dwell_time` among them.
  required(text('action', ({ actionIndex }) => ACTIONS[actionIndex]?.name ?? null)),
  // False takes earlier ones of the same kind back.
  required(column({ name: 'is_active', type: 'BOOLEAN' }, ({ isActive }) => isActive)),
  required(time('acted_at', ({ atMs }) => atMs)),
  integer('dwell_ms', ({ dwellMs }) => dwellMs),
  text('request_id', ({ requestId }) => requestId),
]

/** Key-value metadata of every file. */
export function metadataOf(kind: LogKind, isFinal: boolean): readonly Metadata[] {
  return [
    { key: 'homefeed.training_log.version', value: String(TRAINING_LOG_VERSION) },
    { key: 'homefeed.training_log.kind', value: kind },
    { key: 'homefeed.training_log.final', value: String(isFinal) },
    { key: 'homefeed.actions_sha256', value: ACTIONS_SHA256 },
  ]
}

export interface Metadata {
  readonly key: string
  readonly value: string
}
