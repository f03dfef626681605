import type { Prompt } from './blending/prompts.ts'

/**
 * Numbers of the whole process: gates, memories and laws that no single request may change. What a
 * request may change is in `home-feed.params.ts`, whose conventions hold here too.
 */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How many requests gather candidates at once; see `AdmissionGate`. */
export const ADMISSION_PARAMS = {
  /** Requests. One Node thread and, embedded, one database session: more would only wait. Guess. */
  atOnceMax: 4,
  /** Requests. More than can be served within `waitMsMax`. Guess. */
  waitingMax: 100,
  /** ms: who waits longer has no time left to be ranked. Guess. */
  waitMsMax: 500,
} as const

/** Substitutes for safety data that cannot be loaded. */
export const LAST_KNOWN_GOOD_PARAMS = {
  /** ms. A block may take this long to count while the database is away. decisions.md. */
  ageMsMax: 10 * MINUTE_MS,
  /** Viewers. About 20 kB each with 1,000 follows: 200 MB at most. Guess. */
  viewersMax: 10_000,
  /** Posts and authors whose labels are kept. About 200 B each. Guess. */
  labelsMax: 100_000,
  /** ms between the inner limit and the component's own, in which the substitute answers. Guess. */
  marginMs: 50,
} as const

/** Vectors kept across requests. */
export const EMBEDDING_PARAMS = {
  /** Posts. 128 numbers each: 25 MB. Guess. */
  postsMax: 50_000,
} as const

/** Counts kept across requests. */
export const COUNTS_CACHE_PARAMS = {
  /** Posts. About 250 B each: 25 MB. A has a million. Guess. */
  entriesMax: 100_000,
} as const

/** The source for viewers of whom nothing is known. */
export const POPULAR_PARAMS = {
  /** ms. As long as posts live. */
  windowMs: 48 * HOUR_MS,
  /** ms. The fallback order's. */
  halfLifeMs: 6 * HOUR_MS,
  /** Posts. A slate of the default size. Guess. */
  postsMax: 200,
  /** Posts. Guess. */
  postsPerAuthorMax: 5,
  /** ms. What everybody likes does not change by the second. Guess. */
  keptMs: MINUTE_MS,
} as const

/** What there is to read about. */
export const TOPIC_PARAMS = {
  /** ms. As long as posts live. */
  windowMs: 48 * HOUR_MS,
  /**
   * Posts that one set of topics is searched among, the newest: 160 kB a request, and 20 ms of the
   * retrieval service's one thread. Guess.
   */
  postsMax: 20_000,
  /** Sets of topics whose posts are kept: 2 MB each at most. Guess. */
  setsMax: 50,
  /** ms. A new post is found by its topic after this long. Guess. */
  postsKeptMs: 15_000,
  /** ms. Topics come seldom. Guess. */
  topicsKeptMs: MINUTE_MS,
} as const

/** Who is too young, or may be. */
export const AGE_GATE_PARAMS = {
  /** Years. spec/visibility.md 3.1 rule 14. */
  ageYearsMin: 18,
  /** Countries in which an unknown age counts as too young. spec/visibility.md 3.1 rule 14c. */
  gatingCountries: 'ar au br ca de es fr gb id it kr mx nl ph pt th'.split(' '),
} as const

/** Texts cut into tokens for muted keywords, kept across requests. */
export const SEARCH_TEXT_PARAMS = {
  /** Texts. As many as posts whose facts are kept; handles as many again. Guess. */
  textsMax: 50_000,
  /** Characters. About ten bytes each, tokens included: 100 MB at most. Guess. */
  charactersMax: 10_000_000,
} as const

/** Requests kept on disk. */
export const REQUEST_LOG_PARAMS = {
  /** Bytes. About 500 requests of a full slate. Guess. */
  fileBytesMax: 16 * 1024 * 1024,
  /** Bytes. About 8,000 requests of a full slate. Guess. */
  totalBytesMax: 256 * 1024 * 1024,
} as const

/** Recent requests kept for explanations. */
export const REQUEST_CACHE_PARAMS = {
  /** ms. EnablePhoenixRequestCacheSideEffect's TTL, A. */
  ttlMs: 3 * HOUR_MS,
  /** Requests. About 60 kB each at 200 posts: 60 MB at most. Guess. */
  requestsMax: 1_000,
} as const

/** Prompts of an operator who names none. */
export const DEFAULT_PROMPTS: readonly Prompt[] = [
  {
    name: 'follow-accounts',
    title: 'Follow some accounts',
    body: 'Until you do, this feed shows what most people read.',
    action: '/explore/accounts',
    showTo: 'FOLLOWS_NOBODY',
    /** ms. As for the published feed survey (24 h). Guess. */
    fatigueMs: 24 * HOUR_MS,
  },
]
/** Pipelines of other settings than the default ones. */
export const PIPELINE_VARIANTS_PARAMS = {
  /** Pipelines kept. Some tens of kB each; building one takes about a millisecond. Guess. */
  variantsMax: 64,
} as const

/** Pools that refreshes within minutes stand on. */
export const CANDIDATE_CACHE_PARAMS = {
  /** Posts of all pools. About 500 B each, 266 viewers' full pools: 100 MB at most. Guess. */
  postsMax: 200_000,
} as const
