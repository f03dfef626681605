/** Bounds of sessions in memory. */
export const SESSION_PARAMS = {
  /** ms. spec/feed-contract.md. */
  idleMs: 30 * 60_000,
  /** Sessions. Guess: 200 viewers a minute. */
  sessionsMax: 5_000,
  /** Ranked posts of all sessions, about 1 kB each: 200 MB at most. Guess. */
  entriesMax: 200_000,
  /**
   * ms that a page waits for its own write of what it served, so that a refresh right after it
   * shows other posts. Guess.
   */
  servedWriteWaitMs: 200,
} as const
