import type { ActionName } from '../gen/actions.ts'

/**
 * Every number of the home feed: unit, reason, source. "A" = the parameters that X published for
 * its August 2026 release (spec/params.md); "guess" = ours, to be measured (DECISIONS.md).
 */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The whole request. */
export const REQUEST_PARAMS = {
  /** ms. A page must not keep its reader waiting longer. decisions.md. */
  budgetMs: 1_000,
  /** Posts. Ten pages of 20. decisions.md, "sizes". */
  slateSize: 200,
  /** Posts. decisions.md. */
  slateSizeMin: 50,
  /** Posts. decisions.md. */
  slateSizeMax: 500,
} as const

/** How many requests gather candidates at once; see `AdmissionGate`. */
export const ADMISSION_PARAMS = {
  /** Requests. One Node thread and, embedded, one database session: more would only wait. Guess. */
  atOnceMax: 4,
  /** Requests. More than can be served within `waitMsMax`. Guess. */
  waitingMax: 100,
  /** ms: who waits longer has no time left to be ranked. Guess. */
  waitMsMax: 500,
} as const

/**
 * Limits of single components, ms. They keep one dead dependency from eating the request, and
 * nothing else: a feed that is withheld at 150 ms with 850 left serves nobody. So what the database
 * must say is given twice the time that spec/hydrators.md 8 proposes, and retrieval less.
 */
export const TIMEOUT_PARAMS = {
  socialGraph: 300,
  /** Of action history, seen and served: one indexed statement each. */
  viewerHistory: 300,
  /** Without these two a post is withheld: better no time to rank than no feed. */
  coreData: 600,
  users: 600,
  media: 400,
  engagementCounts: 400,
  mutualFollow: 300,
  /** Twenty times its usual answer. A frozen index must leave the request time to rank. */
  retrieval: 200,
  thunder: 300,
  popular: 300,
  ranking: 800,
  visibility: 300,
} as const

/** The ranker. */
export const RANKING_PARAMS = {
  timeoutMs: TIMEOUT_PARAMS.ranking,
  /** ms kept back for visibility, without which nothing may be shown: all that it may take. */
  reserveMs: TIMEOUT_PARAMS.visibility,
} as const

/** The selector. */
export const SELECTOR_PARAMS = {
  /**
   * Selected / slate, so that what visibility and conversations take out seldom needs a round of
   * back-fill, each of which costs two statements. A has 50 / 35; guess.
   */
  overSelectionFactor: 1.5,
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

/** The history of both models. */
export const ACTION_SEQUENCE_PARAMS = {
  /** History tokens: the S that the demo checkpoint is trained with (A: 1,024). */
  actionsMax: 128,
  timeoutMs: TIMEOUT_PARAMS.viewerHistory,
} as const

/** Impressions. */
export const SEEN_PARAMS = {
  /** ms. Posts live 48 h; a repost may bring back one from last week. Guess. */
  windowMs: 7 * DAY_MS,
  timeoutMs: TIMEOUT_PARAMS.viewerHistory,
} as const

/** Posts returned lately. */
export const SERVED_PARAMS = {
  /** ms. ExcludeServedTweetIdsDuration, A. */
  windowMs: 10 * MINUTE_MS,
  /** Ids. ExcludeServedTweetIdsNumber, A. */
  idsMax: 100,
  timeoutMs: TIMEOUT_PARAMS.viewerHistory,
} as const

/** Authors returned lately. */
export const SERVED_AUTHORS_PARAMS = {
  /** ms. decisions.md, "author diversity". */
  halfLifeMs: 30 * MINUTE_MS,
  /** ms: four half-lives, beyond which a post counts under a sixteenth. */
  windowMs: 2 * HOUR_MS,
  /** Posts. Two full slates. Guess. */
  rowsMax: 400,
  timeoutMs: TIMEOUT_PARAMS.viewerHistory,
} as const

/** The in-network source. */
export const THUNDER_PARAMS = {
  /** Posts. ThunderMaxResults, A. */
  postsMax: 1_200,
  timeoutMs: TIMEOUT_PARAMS.thunder,
} as const

/** The out-of-network source. */
export const RETRIEVAL_PARAMS = {
  /** Posts. PhoenixMaxResults, A. */
  postsMax: 1_000,
  /** Posts. An author's new posts share one vector. decisions.md, "retrieval index". */
  postsPerAuthorMax: 20,
  timeoutMs: TIMEOUT_PARAMS.retrieval,
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

/** The age filter. */
export const AGE_PARAMS = {
  /** ms. MAX_POST_AGE, A; equality is kept. */
  ageMsMax: 48 * HOUR_MS,
} as const

/** Names the table below; stands in sessions, traces and training logs. */
export const WEIGHTS_VERSION = 'published-2026-08-12'

/** Worth of one action (of one second, for dwell_time). A, spec/scoring.md 12. */
export const ACTION_WEIGHTS: Readonly<Record<ActionName, number>> = {
  favorite: 0.5,
  reply: 5,
  repost: 1,
  photo_expand: 0.05,
  click: 0.4,
  profile_click: 0,
  video_quality_view: 0.05,
  share: 2,
  share_via_dm: 5,
  share_via_copy_link: 20,
  dwell: 0,
  quote: 5,
  quoted_click: 0.05,
  follow_author: 4,
  not_interested: -43.2,
  block_author: -31.2,
  mute_author: -58.8,
  report: -234,
  dwell_time: 0.004,
}

/**
 * Weights of A's heads that are not in our vocabulary. They multiply nothing, but stay in the sums
 * that scale negative totals (decisions.md, "heads of the model").
 */
export const ABSENT_HEAD_WEIGHTS = {
  openLink: 0.2,
  videoOpen: 0.05,
  quotedVideoQualityView: 0,
  postUnexplored: 0.02,
  notDwelled: -0.02,
} as const

/** How a score is made of probabilities. */
export const SCORING_PARAMS = {
  /** Score. Negative totals end below it, others at or above. NEGATIVE_SCORES_OFFSET, A. */
  negativeScoresOffset: 0.001,
  /** ms. Shorter videos are watched to the end by accident. MinVideoDurationMs, A; strict. */
  videoDurationMsMin: 10_000,
  /** Followers of the viewer from which video views count nothing. MAX_FOLLOWERS_THRESHOLD, A. */
  videoViewerFollowersMax: 10_000,
} as const

/** Viewer and author follow each other. */
export const MUTUAL_FOLLOW_PARAMS = {
  /** Weight added to a reply's. BidirectionalFollowReplyWeightBoost, A since 24 July. */
  replyWeightBoost: 15,
} as const

/** The order without a ranker. decisions.md. */
export const FALLBACK_PARAMS = {
  /** ms after which a post is worth half. */
  halfLifeMs: 6 * HOUR_MS,
  /** ms of history that counts as affinity. */
  affinityWindowMs: 28 * DAY_MS,
} as const

/** Author diversity. */
export const DIVERSITY_PARAMS = {
  /** Factor from one post of an author to the next. AuthorDiversityDecay, A. */
  decay: 0.5,
  /** Factor that no post goes below. AuthorDiversityFloor, A. */
  floor: 0.25,
} as const

/** What the viewer did not ask for. */
export const OUT_OF_NETWORK_PARAMS = {
  /** OonWeightFactor, A. */
  factor: 0.75,
  /** EnableOonRescoreForInNetworkRepliesRetweets, A. */
  rescoresInNetworkRepliesAndReposts: true,
} as const

/** Which posts share the slate's windows. */
export const SLATE_DIVERSITY_PARAMS = {
  /** Share of relevance against diversity in [0, 1]. DPP theta, A. */
  theta: 0.65,
  /** Posts. DPP top_k, A. */
  windowSize: 50,
  /** Posts. DPP max_selected_rank, A. */
  poolSize: 150,
  /** ms. Vectors of 300 posts take 5, most are kept. */
  timeoutMs: 150,
  /** ms kept back for visibility. */
  reserveMs: TIMEOUT_PARAMS.visibility,
} as const

/** Vectors kept across requests. */
export const EMBEDDING_PARAMS = {
  /** Posts. 128 numbers each: 25 MB. Guess. */
  postsMax: 50_000,
} as const

/** Who is too young, or may be. */
export const AGE_GATE_PARAMS = {
  /** Years. spec/visibility.md 3.1 rule 14. */
  ageYearsMin: 18,
  /** Countries in which an unknown age counts as too young. spec/visibility.md 3.1 rule 14c. */
  gatingCountries: 'ar au br ca de es fr gb id it kr mx nl ph pt th'.split(' '),
} as const

/** Recent requests kept for explanations. */
export const REQUEST_CACHE_PARAMS = {
  /** ms. EnablePhoenixRequestCacheSideEffect's TTL, A. */
  ttlMs: 3 * HOUR_MS,
  /** Requests. About 60 kB each at 200 posts: 60 MB at most. Guess. */
  requestsMax: 1_000,
} as const
