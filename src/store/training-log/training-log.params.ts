import { HOUR_MS } from './log-hour.ts'

/** Bounds and windows of the training log. */
export const TRAINING_LOG_PARAMS = {
  /** ms after an impression in which an action counts as its outcome. spec/learning.md. */
  outcomeWindowMs: 24 * HOUR_MS,
  /** ms that events may come late, beyond that window, before an hour is final. Guess. */
  graceMs: HOUR_MS,
  /** ms that an event may lie ahead of our clock; beyond it would stay open for ever. */
  clockSkewMs: 10 * 60_000,
  /**
   * Rows read and encoded at once, one row group. Encoding 5,000 held the event loop for 83 ms
   * (median, on a busy machine): requests wait for it, so groups are small for Parquet.
   */
  rowsPerGroup: 2_000,
  /** Groups of one file: 100,000 rows, about 3 MB. */
  groupsPerPart: 50,
  /** ms between looks whether an hour has become final. */
  checkIntervalMs: 10_000,
} as const
