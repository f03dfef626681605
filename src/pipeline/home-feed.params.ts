import { SCORING_SECTIONS } from './home-feed-scoring.params.ts'

/**
 * Every number of the home feed: unit, reason, source. "A" = the parameters that X published for
 * its August 2026 release (spec/params.md); "guess" = ours, to be measured (DECISIONS.md).
 */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A pipeline is built of one such set; sections are named after what they tune. */
export const HOME_FEED_PARAMS = {
  /** The whole request. */
  request: {
    /** ms. A page must not keep its reader waiting longer. decisions.md. */
    budgetMs: 1_000,
    /** Posts. Ten pages of 20. decisions.md, "sizes". */
    slateSize: 200,
    /** Posts. decisions.md. */
    slateSizeMin: 50,
    /** Posts. decisions.md. */
    slateSizeMax: 500,
  },

  /**
   * Limits of single components, ms. They keep one dead dependency from eating the request, and
   * nothing else: a feed that is withheld at 150 ms with 850 left serves nobody. So what the
   * database must say is given twice the time that spec/hydrators.md 8 proposes, retrieval less.
   */
  timeout: {
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
    /** A search among posts that the database names first. */
    topicRetrieval: 400,
    /** What posts are about, and which topics there are. */
    topics: 400,
    thunder: 300,
    popular: 300,
    /** M. In process it takes none. */
    candidateCache: 300,
    ranking: 800,
    /** Vectors of 300 posts take 5, most are kept. */
    slateDiversity: 150,
    /** One row, while the posts are ranked. */
    moduleHistory: 300,
    /** Bounded reads of the graph, while the posts are ranked. */
    whoToFollow: 300,
    /** As a rule the source of it has left everything with the request's loaders. */
    suggestedAccounts: 200,
    prompts: 100,
    promotedPosts: 200,
    /** Also what ranker and re-ranker must leave of the request: nothing is shown unjudged. */
    visibility: 300,
  },

  /** The selector. */
  selector: {
    /**
     * Selected / slate, so that what visibility and conversations take out seldom needs a round of
     * back-fill, each of which costs two statements. A has 50 / 35; guess.
     */
    overSelectionFactor: 1.5,
  },

  /** The history of both models. */
  actionSequence: {
    /** History tokens: the S that the demo checkpoint is trained with (A: 1,024). */
    actionsMax: 128,
  },

  /** Impressions. */
  seen: {
    /** ms. Posts live 48 h; a repost may bring back one from last week. Guess. */
    windowMs: 7 * DAY_MS,
  },

  /** Posts returned lately. */
  served: {
    /** ms. ExcludeServedTweetIdsDuration, A. */
    windowMs: 10 * MINUTE_MS,
    /** Ids. ExcludeServedTweetIdsNumber, A. */
    idsMax: 100,
  },

  /** Authors returned lately. */
  servedAuthors: {
    /** ms. decisions.md, "author diversity". */
    halfLifeMs: 30 * MINUTE_MS,
    /** ms: four half-lives, beyond which a post counts under a sixteenth. */
    windowMs: 2 * HOUR_MS,
    /** Posts. Two full slates. Guess. */
    rowsMax: 400,
  },

  /** What one ranking leaves to the viewer's next refresh. */
  cachedPool: {
    /** EnableCachedPosts, A. */
    enabled: true,
    /** Posts. MaxPostsToCache, A. */
    postsMax: 750,
    /** Posts. A smaller pool would leave a thin feed. MIN_CACHED_POSTS_THRESHOLD, M. */
    postsMin: 500,
    /** ms. M. */
    ttlMs: 3 * MINUTE_MS,
  },

  /** The in-network source. */
  thunder: {
    /** Posts. ThunderMaxResults, A. */
    postsMax: 1_200,
  },

  /** The out-of-network source. */
  retrieval: {
    /** Posts. PhoenixMaxResults, A. */
    postsMax: 1_000,
    /** Posts. An author's new posts share one vector. decisions.md, "retrieval index". */
    postsPerAuthorMax: 20,
  },

  /** How long counts for ranking are good for; on a page they are always of now. */
  engagementCounts: {
    /** ms. Younger posts' counts move: they are read again sooner. May's release. */
    youngMs: 30 * MINUTE_MS,
    /** ms. A; bounds by how much a cold start overshoots its views. */
    youngTtlMs: MINUTE_MS,
    /** ms. May has 10 minutes; guess. */
    ttlMs: 5 * MINUTE_MS,
  },

  /** Viewers who are new here: their first feed has no history to go by. */
  newViewer: {
    /**
     * Whether retrieval looks among the topics that they follow, and there only.
     * EnableNewUserTopicRetrieval, M (removed in A); off is spec/params.md's proposal.
     */
    retrievesFollowedTopics: false,
    /** Whether out of network only those are kept. EnableNewUserTopicFiltering, as above. */
    keepsFollowedTopicsOnly: false,
    /** ms since the account was made, 0 = never new. NewUserTopicAgeThresholdSecs, as above. */
    topicsAccountAgeMsMax: 0,
  },

  /** What strangers' posts must have had before they are shown to those who are new or back. */
  newViewerEngagement: {
    /** EnableNewUserMinEngagementFilter, A. */
    isOn: false,
    /** ms. MaxAccountAgeSecs, A. */
    accountAgeMsMax: 30 * MINUTE_MS,
    /** ms without a visit after which a viewer comes back. Guess. */
    absenceMsMin: 28 * DAY_MS,
    /** ms since they came back. MaxResurrectionAgeSecs, A. */
    resurrectionAgeMsMax: 30 * MINUTE_MS,
    /** `fav`, `engagement` or `view`. Metric, A. */
    metric: 'fav',
    /** Whether the metric is divided by the views. UseRatio, A. */
    usesRatio: false,
    /** Of the metric; equality is kept. Threshold, A. */
    threshold: 0,
  },

  /** The language filter, for requests that name no languages. */
  language: {
    /** Whether the account's language stands for them. Guess: people read more than they say. */
    usesAccountLanguage: false,
  },

  /** The age filter. */
  age: {
    /** ms. MAX_POST_AGE, A; equality is kept. */
    ageMsMax: 48 * HOUR_MS,
  },

  /** Faces of followed accounts that replied. spec/hydrators.md 6; A shows none (0 posts). */
  followingReplied: {
    /** Posts of a slate with faces; 0 = none. A face on every other post says nothing. Guess. */
    postsMax: 20,
    /** Repliers, the author not counted. Guess. */
    usersMin: 1,
    /** Faces of one post. Guess. */
    usersMax: 3,
    /** Followers of the viewer. A: 1,000, which nobody on a small network has. */
    viewerFollowersMin: 0,
  },

  // How posts are scored and set apart: `home-feed-scoring.params.ts`.
  ...SCORING_SECTIONS,

  /** Requests that are kept on disk. Every one is in the request cache besides. */
  requestLog: {
    /** Share of requests in [0, 1]. A's reranking log has 0.05. */
    sampleRate: 0.05,
    /** Ranked posts of one request; a slate is always whole. A has 50. Guess. */
    candidatesMax: 300,
  },

  /** What stands between posts, and where. */
  blending: {
    /** Items of a slate beside its posts. FOR_YOU_MAX_RESULT_SIZE, A, without frames. */
    modulesMax: 4,
    /** One-based. WHO_TO_FOLLOW_POSITION, A. */
    whoToFollowPosition: 6,
    /** `partition_organic_low_risk` or `safe_gap`. AdsBlenderType, A. */
    adsBlenderType: 'partition_organic_low_risk',
    /** Posts. MIN_POSTS_FOR_ADS, A. */
    postsForAdsMin: 5,
    /** Posts. MIN_REQUESTED_GAP, A. */
    requestedGapMin: 3,
    /** Posts from one promoted post to the next when their seller does not say. A. */
    spacingRequested: 3,
    /** Posts, at least. A. */
    spacingMin: 2,
  },

  /** Suggested accounts. The last seven bound what one suggestion reads: 4,500 rows. */
  whoToFollow: {
    /** ms. WhoToFollowFatigueHours, A. */
    fatigueMs: 30 * HOUR_MS,
    /** Accounts suggested before that are left out. spec/blending.md 1. */
    excludedMax: 200,
    /** Accounts. spec/blending.md 1. */
    accountsMax: 3,
    /** Accounts that are judged: labels take few out. Guess. */
    offeredMax: 12,
    /** ms of likes that count. The fallback's affinity window; guess. */
    windowMs: 28 * DAY_MS,
    /** People. One alone may be chance. Guess. */
    connectionsMin: 2,
    /** Newest follows. Guess. */
    followsMax: 60,
    /** Newest follows of each of these. Guess. */
    followsPerFollowMax: 40,
    /** Authors. Guess. */
    likedAuthorsMax: 5,
    /** Followers of each. Guess. */
    followersPerAuthorMax: 12,
    /** Actions in which the viewer's likes are looked for. Guess. */
    viewerActionsMax: 200,
    /** Actions in which each follower's likes are looked for. Guess. */
    actionsPerFollowerMax: 30,
  },

  /** Prompts. */
  prompts: {
    /** A slate. Two would push the posts out of sight. Guess. */
    promptsMax: 1,
  },
} as const

type Widened<T> = T extends number
  ? number
  : T extends boolean
    ? boolean
    : T extends string
      ? string
      : { readonly [K in keyof T]: Widened<T[K]> }

/** The same shape with other values. */
export type HomeFeedParams = Widened<typeof HOME_FEED_PARAMS>
