import { ABSENT_HEAD_WEIGHTS, ACTION_WEIGHTS } from './action-weights.params.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The part of `HOME_FEED_PARAMS` that says what a post is worth; conventions as there. */
export const SCORING_SECTIONS = {
  /** How a score is made of probabilities. */
  scoring: {
    /** Score. Negative totals end below it, others at or above. NEGATIVE_SCORES_OFFSET, A. */
    negativeScoresOffset: 0.001,
    /** ms. Shorter videos are watched to the end by accident. MinVideoDurationMs, A; strict. */
    videoDurationMsMin: 10_000,
    /** Followers of the viewer from which video views count nothing. MAX_FOLLOWERS_THRESHOLD, A. */
    videoViewerFollowersMax: 10_000,
  },

  /** Worth of one action (of one second, for dwell_time). */
  actionWeights: ACTION_WEIGHTS,

  /** Weights of A's heads that no model of ours has: they stay in the sums of a score's offset. */
  absentHeadWeights: ABSENT_HEAD_WEIGHTS,

  /** Viewer and author follow each other. */
  mutualFollow: {
    /** Weight added to a reply's. BidirectionalFollowReplyWeightBoost, A since 24 July. */
    replyWeightBoost: 15,
  },

  /** The order without a ranker. decisions.md. */
  fallback: {
    /** ms after which a post is worth half. */
    halfLifeMs: 6 * HOUR_MS,
    /** ms of history that counts as affinity. */
    affinityWindowMs: 28 * DAY_MS,
  },

  /** The lift of one fresh post of a small author. */
  coldStart: {
    /** EnableViewerColdStart, A. */
    enabled: true,
    /** Place, from 0, whose score a lifted post gets; chance draws it below `slotMax`. A. */
    slotMin: 15,
    /** Place that is not drawn any more. A. */
    slotMax: 16,
    /** Followers of the author. ColdStartFollowerCap, A. */
    followersMax: 1_000,
    /** Views from which a post needs no help any more. ColdStart impression threshold, A. */
    viewsMax: 1_000,
    /** ms. ColdStartMaxPostAgeSecs, A. */
    ageMsMax: DAY_MS,
    /** Share of the ranking below which nothing is lifted. LowImpressionsMaxPositionRatio, A. */
    positionShareMax: 0.85,
    /** Draws who may be lifted by what the likes so far promise. A: off. */
    thompsonSampling: false,
    /** Likes that every post is thought to have had. BetaAlpha0, A. */
    priorLikes: 0.75,
    /** Views without a like that every post is thought to have had. BetaBeta0, A. */
    priorPasses: 49.25,
    /** Posts of the best draws that are chosen from. TsTopK, A. */
    topK: 5,
    /** Weight of one view against the priors. ImpressionScale, A. */
    viewScale: 1,
  },

  /** Author diversity. */
  authorDiversity: {
    /** Factor from one post of an author to the next. AuthorDiversityDecay, A. */
    decay: 0.5,
    /** Factor that no post goes below. AuthorDiversityFloor, A. */
    floor: 0.25,
  },

  /** What the viewer did not ask for. */
  outOfNetwork: {
    /** OonWeightFactor, A. */
    factor: 0.75,
    /** Of a request for topics, bulk or not. TopicOonWeightFactor, A. */
    topicFactor: 0.5,
    /** Of new viewers who follow enough. NEW_USER_OON_WEIGHT_FACTOR, A. */
    newViewerFactor: 0.00001,
    /** Follows. NEW_USER_MIN_FOLLOWING, A. */
    newViewerFollowsMin: 5,
    /** ms since the account was made, 0 = never new. NewUserAgeThresholdSecs, A. */
    newViewerAccountAgeMsMax: 0,
    /** EnableOonRescoreForInNetworkRepliesRetweets, A. */
    rescoresInNetworkRepliesAndReposts: true,
  },

  /** Which posts share the slate's windows. */
  slateDiversity: {
    /** Share of relevance against diversity in [0, 1]. DPP theta, A. */
    theta: 0.65,
    /** Posts. DPP top_k, A. */
    windowSize: 50,
    /** Posts. DPP max_selected_rank, A. */
    poolSize: 150,
  },
} as const
