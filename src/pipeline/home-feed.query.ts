import type { PostId, TopicId, UserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'
import type { CandidatePool } from './cached-pool/candidate-cache.ts'
import type { Loaders } from '../store/loaders.ts'
import type { MutedKeywordRecord, UserRecord } from '../store/records.ts'
import type { SeenGeneration } from '../store/seen/seen-generation.ts'
import { DEFAULT_SETTINGS, type RequestSettings } from './params/feed-settings.ts'
import type { TopicRules } from './topics/topic-rules.ts'

/** What a client may narrow a feed by. */
export interface HomeFeedFilter {
  readonly excludeVideos: boolean
  readonly excludeReplies: boolean
  readonly excludeReposts: boolean
  readonly mediaOnly: boolean
  /** Only accounts that the viewer follows: Phoenix retrieval is not asked. */
  readonly inNetworkOnly: boolean
  /** Only posts about these; empty = about anything. Seven or more are a bulk request. */
  readonly topics: readonly TopicId[]
  /** No posts about these. */
  readonly excludedTopics: readonly TopicId[]
}

/**
 * One ask for a slate. Readonly fields come with the request; the others are each written by one
 * query hydrator. `undefined` = not loaded (it failed or did not run): safety filters then
 * withhold.
 */
export interface HomeFeedQuery {
  readonly requestId: string
  readonly viewerId: UserId
  readonly filter: HomeFeedFilter
  /** ISO 3166-1 alpha-2, lower case, of the request; null when the client did not say. */
  readonly countryCode: string | null
  /** Languages that the client says are read, as `languageOf` spells them; empty = did not say. */
  readonly languages: readonly string[]
  /** Posts on the client's screen that it could not report yet. */
  readonly alsoSeenPostIds: ReadonlySet<PostId>
  /** Everything that this session returned before; never again in it. */
  readonly sessionServedPostIds: ReadonlySet<PostId>
  /** How many posts the slate should hold, 50 to 500. */
  readonly slateSize: number
  /** `experiment:arm` each: what the viewer was assigned to. */
  readonly arms: readonly string[]
  /** Of the settings that it is ranked with: what was ranked with others is not the same. */
  readonly settingsDigest: string
  /** The request's shared batch readers. */
  readonly loaders: Loaders
  /** When the answer must be there, epoch ms; Infinity = the pipeline's budget alone counts. */
  readonly deadlineMs: number

  actionSequence: ActionSequence | undefined
  followedIds: ReadonlySet<UserId> | undefined
  blockedIds: ReadonlySet<UserId> | undefined
  blockedByIds: ReadonlySet<UserId> | undefined
  mutedIds: ReadonlySet<UserId> | undefined
  mutedRepostIds: ReadonlySet<UserId> | undefined
  mutedKeywords: readonly MutedKeywordRecord[] | undefined
  subscribedIds: ReadonlySet<UserId> | undefined
  followedTopicIds: readonly TopicId[] | undefined
  /** Null = no such account. */
  viewerAccount: UserRecord | null | undefined
  /** Of the last days, own and original ids, and what is on screen. */
  seenPostIds: ReadonlySet<PostId> | undefined
  /** What was seen longer ago too; may claim more. Newest first. */
  seenGenerations: readonly SeenGeneration[] | undefined
  servedPostIds: ReadonlySet<PostId> | undefined
  /** Posts of each author that were served lately, older ones counting less. */
  servedByAuthor: ReadonlyMap<UserId, number> | undefined
  /** When the viewer's last visits began, newest first, at most 10; not this one. */
  pastRequestTimesMs: readonly number[] | undefined
  /** Stands for Phoenix retrieval. Null = none that is good for this request. */
  cachedPool: CandidatePool | null | undefined
  /** Undefined also when no topics are asked for: read it through `topicRulesOf`. */
  topicRules: TopicRules | undefined
}

/** What a caller says; the rest of the query is filled from it. */
export type HomeFeedRequest = Pick<
  HomeFeedQuery,
  | 'requestId'
  | 'viewerId'
  | 'filter'
  | 'countryCode'
  | 'languages'
  | 'alsoSeenPostIds'
  | 'sessionServedPostIds'
  | 'slateSize'
  | 'loaders'
>

/** Asks for everything. */
export const EMPTY_FILTER: HomeFeedFilter = {
  excludeVideos: false,
  excludeReplies: false,
  excludeReposts: false,
  mediaOnly: false,
  inNetworkOnly: false,
  topics: [],
  excludedTopics: [],
}

/** A query before its hydrators: every field present, so that all queries share one shape. */
export function createHomeFeedQuery(
  request: HomeFeedRequest,
  deadlineMs = Infinity,
  { arms, digest }: Pick<RequestSettings, 'arms' | 'digest'> = DEFAULT_SETTINGS,
): HomeFeedQuery {
  return {
    requestId: request.requestId,
    viewerId: request.viewerId,
    filter: request.filter,
    countryCode: request.countryCode,
    languages: request.languages,
    alsoSeenPostIds: request.alsoSeenPostIds,
    sessionServedPostIds: request.sessionServedPostIds,
    slateSize: request.slateSize,
    arms,
    settingsDigest: digest,
    loaders: request.loaders,
    deadlineMs,
    actionSequence: undefined,
    followedIds: undefined,
    blockedIds: undefined,
    blockedByIds: undefined,
    mutedIds: undefined,
    mutedRepostIds: undefined,
    mutedKeywords: undefined,
    subscribedIds: undefined,
    followedTopicIds: undefined,
    viewerAccount: undefined,
    seenPostIds: undefined,
    seenGenerations: undefined,
    servedPostIds: undefined,
    servedByAuthor: undefined,
    pastRequestTimesMs: undefined,
    cachedPool: undefined,
    topicRules: undefined,
  }
}

/** One spelling for equal filters: cursors and kept pools are bound to it. */
export function spellFilter(filter: HomeFeedFilter): string {
  const { topics, excludedTopics, ...switches } = filter
  const names = Object.entries(switches)
    .filter(([, isOn]) => isOn)
    .map(([name]) => name)
  for (const [name, given] of Object.entries({ topics, excludedTopics })) {
    const ids = [...new Set(given)]
    if (ids.length > 0) names.push(`${name}=${ids.sort().join('+')}`)
  }
  return names.sort().join(',')
}
