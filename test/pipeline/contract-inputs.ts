import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { JAZZ, POSTS, worldCandidates } from './contract-world.ts'
import {
  candidate,
  HOUR_MS,
  keyword,
  NOW_MS,
  post,
  postIds,
  reply,
  user,
  userId,
  userIds,
} from './home-feed-fixtures.ts'
import { row } from './score-fixtures.ts'
import { seenGeneration } from './store-fixtures.ts'

export const OF_JAZZ: Partial<HomeFeedQuery> = { filter: { ...EMPTY_FILTER, topics: [JAZZ] } }
const FOLLOWED = { id: JAZZ, expanded: new Set([JAZZ]), superExpanded: new Set([JAZZ]) }
const NO_COUNTS = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }

/** By filter: a query, and posts of which it keeps some and removes some. */
export const filterInputs: Readonly<
  Record<string, [Partial<HomeFeedQuery>, () => PostCandidate[]]>
> = {
  DropDuplicatesFilter: [{}, () => [...worldCandidates(), candidate(POSTS.root)]],
  CoreDataFilter: [{}, () => [...worldCandidates(), candidate(post(99, 9), { core: null })]],
  AgeFilter: [
    {},
    () => [...worldCandidates(), candidate(post(99, 9, { createdAtMs: NOW_MS - 49 * HOUR_MS }))],
  ],
  SelfPostFilter: [{}, () => [...worldCandidates(), candidate(post(99, 1))]],
  OutOfNetworkKindFilter: [{}, () => worldCandidates({ inNetwork: false })],
  RequestFilter: [{ filter: { ...EMPTY_FILTER, excludeReplies: true } }, worldCandidates],
  RepostDeduplicationFilter: [{}, worldCandidates],
  IneligibleSubscriptionFilter: [
    {},
    () => [...worldCandidates(), candidate(post(99, 9), { subscriptionAuthorId: userId(9) })],
  ],
  PreviouslySeenFilter: [
    { seenPostIds: postIds(81), seenGenerations: [seenGeneration(83)] },
    worldCandidates,
  ],
  PreviouslyServedFilter: [{ servedPostIds: postIds(81) }, worldCandidates],
  MutedKeywordFilter: [{ mutedKeywords: [keyword('83')] }, worldCandidates],
  AuthorListsFilter: [{}, worldCandidates],
  AuthorSocialGraphFilter: [{ blockedIds: userIds(11) }, worldCandidates],
  TopicsFilter: [
    OF_JAZZ,
    () => [...worldCandidates({ topicIds: [JAZZ] }), candidate(post(99, 9), { topicIds: [] })],
  ],
  FollowedTopicsFilter: [
    { topicRules: { wanted: [], unwanted: null, excluded: new Set(), followed: [FOLLOWED] } },
    () => [...worldCandidates({ inNetwork: true }), candidate(post(99, 9), { topicIds: [] })],
  ],
  LanguageFilter: [
    { languages: ['en'] },
    () => [...worldCandidates(), candidate(post(99, 9, { language: 'de' }))],
  ],
  NewViewerEngagementFilter: [
    { viewerAccount: user(1, { createdAtMs: NOW_MS }) },
    () => [
      ...worldCandidates({ inNetwork: true, engagementCounts: NO_COUNTS }),
      candidate(post(99, 9), { inNetwork: false, engagementCounts: NO_COUNTS }),
    ],
  ],
  VisibilityFilter: [
    {},
    () => [
      candidate(POSTS.foreign),
      candidate(POSTS.root, { visibility: { action: 'allow', rule: null, labels: [] } }),
    ],
  ],
  AncillaryVisibilityFilter: [
    {},
    () => [
      candidate(POSTS.foreign, { ancillaryVisibility: [] }),
      candidate(POSTS.quote, {
        ancillaryVisibility: [{ role: 'quoted', action: 'drop', rule: 'spam', labels: [] }],
      }),
    ],
  ],
  ConversationFilter: [
    {},
    () => [...worldCandidates(), candidate(reply(99, 9, POSTS.root), { score: 1 })],
  ],
}

export const scored = () =>
  worldCandidates({ inNetwork: false }).map((each, index) => ({
    ...each,
    probabilities: row({ favorite: index / 10 }),
    weightedScore: 1 + index,
    scoredBy: 'phoenix' as const,
    score: 2 + index,
  }))
/** Enough for a sixteenth place, the last ones by small authors. */
const ranking = () =>
  Array.from({ length: 24 }, (_, index) =>
    candidate(post(500 + index, 20 + index), {
      weightedScore: 1 - index / 100,
      scoredBy: 'phoenix' as const,
      author: user(20 + index, { followersCount: index < 18 ? 5_000 : 10 }),
      engagementCounts: { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 },
    }),
  )
/** By scorer: posts that it changes. */
export const scorerInputs: Readonly<Record<string, () => PostCandidate[]>> = {
  PhoenixScorer: worldCandidates,
  WeightedScorer: () =>
    worldCandidates({ probabilities: row({ reply: 0.5 }), videoDurationMs: 20_000 }),
  FallbackScorer: worldCandidates,
  ColdStartScorer: ranking,
  AuthorDiversityScorer: scored,
  OutOfNetworkScorer: scored,
  SlateDiversityScorer: scored,
}
