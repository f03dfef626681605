import { HOUR_MS } from './log-hour.ts'

/** Bounds and windows of the training log. */
export const TRAINING_LOG_PARAMS = {
  /** ms after an impression in which an action counts as its outcome. spec/learning.md. */
  outcomeWindowMs: 24 * HOUR_MS,
  /** ms that events may come late, beyond that window, before an hour is final. Guess. */
  graceMs: HOUR_MS,
  /** ms that an event may lie ahead of our clock; beyond it would stay open for ever. */
  clockSkewMs: 10 * 60_000,
  /** Rows read, encoded and kept in memory at once: about 30 ms of work. One row group. */
  rowsPerGroup: 5_000,
  /** Groups of one file: 100,000 rows, about 4 MB. */
  groupsPerPart: 20,
  /** ms between looks whether an hour has become final. */
  checkIntervalMs: 10_000,
} as const
