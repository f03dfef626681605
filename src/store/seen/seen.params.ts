/** How what a viewer has seen is kept: exactly for days, then as Bloom filters. */
export const SEEN_PARAMS = {
  /** ms that single impressions are kept. Posts live 48 h, a repost may bring back an older one. */
  impressionsKeptMs: 7 * 86_400_000,
  /**
   * ms that an imported impression may be old: a repost hardly brings back an older post, and an
   * archive of years would take hours for the newest 10,000 of each viewer. Guess.
   */
  importedAgeMs: 365 * 86_400_000,
  /** ms that an event may lie ahead of our clock. Guess. */
  clockSkewMs: 60_000,
  /** Posts that one generation is made for. spec/filters.md 3. */
  sizeCap: 2_000,
  /** Chance in (0, 1) that a full generation claims a post that it never had. spec/filters.md 3. */
  falsePositiveRate: 0.01,
  /** Generations of one viewer: 12 kB. The oldest goes. spec/filters.md 3. */
  generationsMax: 5,
} as const
