import DataLoader from 'dataloader'
import { trustPostId, trustTopicId, trustUserId } from '../../src/ids.ts'
import type { PostId, TopicId, UserId } from '../../src/ids.ts'
import type { StageContext } from '../../src/pipeline/framework/component.ts'
import { createPostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { PostCandidate, RelatedPosts } from '../../src/pipeline/home-feed.candidate.ts'
import { createHomeFeedQuery, EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { SearchTexts } from '../../src/pipeline/muted-keywords/search-text.ts'
import type { Loaders } from '../../src/store/loaders.ts'
import type {
  EngagementCounts,
  MediaRecord,
  ModerationRecord,
  MutedKeywordRecord,
  PostRecord,
  TopicRecord,
  UserRecord,
} from '../../src/store/records.ts'

export const NOW_MS = 1_700_000_000_000
export const HOUR_MS = 3_600_000
export const VIEWER = trustUserId('1')

export const postId = (id: number | string): PostId => trustPostId(String(id))
export const userId = (id: number | string): UserId => trustUserId(String(id))
export const topicId = (id: number): TopicId => trustTopicId(id)
export const postIds = (...ids: number[]): ReadonlySet<PostId> => new Set(ids.map(postId))
export const userIds = (...ids: number[]): ReadonlySet<UserId> => new Set(ids.map(userId))

/** A plain text post of an hour ago. */
export function post(id: number, author: number, more: Partial<PostRecord> = {}): PostRecord {
  return {
    id: postId(id),
    authorId: userId(author),
    createdAtMs: NOW_MS - HOUR_MS,
    text: `text of ${id}`,
    language: null,
    replyToPostId: null,
    replyToUserId: null,
    conversationId: null,
    repostOfPostId: null,
    repostOfUserId: null,
    quotedPostId: null,
    quotedUserId: null,
    subscribersOnly: false,
    sensitive: false,
    ...more,
  }
}

export function repost(id: number, author: number, original: PostRecord): PostRecord {
  return post(id, author, {
    text: original.text,
    repostOfPostId: original.id,
    repostOfUserId: original.authorId,
  })
}

export function quote(id: number, author: number, quoted: PostRecord): PostRecord {
  return post(id, author, { quotedPostId: quoted.id, quotedUserId: quoted.authorId })
}

export function reply(id: number, author: number, parent: PostRecord): PostRecord {
  return post(id, author, {
    replyToPostId: parent.id,
    replyToUserId: parent.authorId,
    conversationId: parent.conversationId ?? parent.id,
  })
}

export function user(id: number, more: Partial<UserRecord> = {}): UserRecord {
  return {
    id: userId(id),
    handle: `user${id}`,
    displayName: `User ${id}`,
    bio: '',
    createdAtMs: 0,
    language: null,
    country: null,
    birthYear: 1990,
    isProtected: false,
    state: 'active',
    isAdult: false,
    sensitiveOptIn: false,
    sellsSubscriptions: false,
    followersCount: 0,
    ...more,
  }
}

export function keyword(phrase: string, more: Partial<MutedKeywordRecord> = {}) {
  return { id: phrase, phrase, match: 'word', surfaces: [], expiresAtMs: null, ...more } as const
}

export const NO_RELATED: RelatedPosts = { original: null, quoted: null, parent: null, root: null }

/** Nothing kept from other tests. */
export const searchTexts = () => new SearchTexts({ textsMax: 1_000, charactersMax: 100_000 })

/** As hydrated: by default with nothing related, no media, nobody's subscription. */
export function candidate(core: PostRecord, more: Partial<PostCandidate> = {}): PostCandidate {
  return {
    ...bareCandidate(core),
    inNetwork: false,
    core,
    related: NO_RELATED,
    actorHandles: [],
    mediaKinds: [],
    altTexts: [],
    videoDurationMs: null,
    subscriptionAuthorId: null,
    ...more,
  }
}

/** As a source brings it. */
export function bareCandidate(core: PostRecord): PostCandidate {
  return createPostCandidate({
    id: core.id,
    authorId: core.authorId,
    createdAtMs: core.createdAtMs,
    sources: ['thunder'],
    ancestorIds: [],
    similarity: null,
  })
}

export interface World {
  readonly posts?: readonly PostRecord[]
  readonly users?: readonly UserRecord[]
  readonly media?: readonly MediaRecord[]
  readonly counts?: Readonly<Record<string, EngagementCounts>>
  readonly moderation?: Readonly<Record<string, Partial<ModerationRecord>>>
  readonly userLabels?: Readonly<Record<string, readonly string[]>>
  readonly postTopics?: Readonly<Record<string, readonly TopicId[]>>
  readonly topics?: readonly TopicRecord[]
  /** Reads of these reject. */
  readonly broken?: readonly (keyof Loaders)[]
  /** Reads of these never end. */
  readonly frozen?: readonly (keyof Loaders)[]
  /** Takes the name of the loader of each statement. */
  readonly statements?: (keyof Loaders)[]
}

const NO_COUNTS: EngagementCounts = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }
const NO_MODERATION: ModerationRecord = { labels: [], takedownCountries: [] }

/** DataLoaders over lists. */
export function loadersOf(world: World = {}): Loaders {
  const loader = <K, V>(name: keyof Loaders, read: (key: K) => V) =>
    new DataLoader<K, V>(async (keys) => {
      world.statements?.push(name)
      if (world.frozen?.includes(name)) await new Promise(() => undefined)
      if (world.broken?.includes(name)) throw new Error(`${name} cannot be read`)
      return keys.map(read)
    })
  const countsOf = (id: PostId) => ({ ...NO_COUNTS, ...world.counts?.[id] })
  return {
    posts: loader('posts', (id) => world.posts?.find((each) => each.id === id) ?? null),
    users: loader('users', (id) => world.users?.find((each) => each.id === id) ?? null),
    usersByHandle: loader(
      'usersByHandle',
      (handle) => world.users?.find((each) => each.handle === handle) ?? null,
    ),
    media: loader('media', (id) => world.media?.filter((each) => each.postId === id) ?? []),
    engagementCounts: loader('engagementCounts', countsOf),
    postModeration: loader('postModeration', (id: PostId) => ({
      ...NO_MODERATION,
      ...world.moderation?.[id],
    })),
    userLabels: loader('userLabels', (id: UserId) => world.userLabels?.[id] ?? []),
    postTopics: loader('postTopics', (id: PostId) => world.postTopics?.[id] ?? []),
    topics: loader('topics', (id) => world.topics?.find((each) => each.id === id) ?? null),
    authorServed: loader('authorServed', () => []),
  }
}

/** A query whose hydrators all found nothing special. */
export function filledQuery(more: Partial<HomeFeedQuery> = {}): HomeFeedQuery {
  return {
    ...bareQuery(),
    actionSequence: [],
    followedIds: new Set(),
    blockedIds: new Set(),
    blockedByIds: new Set(),
    mutedIds: new Set(),
    mutedRepostIds: new Set(),
    mutedKeywords: [],
    subscribedIds: new Set(),
    followedTopicIds: [],
    viewerAccount: user(1),
    seenPostIds: new Set(),
    seenGenerations: [],
    servedPostIds: new Set(),
    servedByAuthor: new Map(),
    pastRequestTimesMs: [],
    cachedPool: null,
    ...more,
  }
}

/** A query as it came in. */
export function bareQuery(loaders: Loaders = loadersOf()): HomeFeedQuery {
  return createHomeFeedQuery({
    requestId: 'request',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 50,
    loaders,
  })
}

/** A context, and the substitutes that a component reported through it. */
export function stageContext(more: Partial<StageContext> = {}) {
  const degradations: string[] = []
  const context: StageContext = {
    requestId: 'request',
    nowMs: NOW_MS,
    signal: new AbortController().signal,
    deadlineMs: NOW_MS + 1_000,
    degrade: (degradation, dependency) => degradations.push(`${degradation} ${dependency}`),
    countCache: () => undefined,
    ...more,
  }
  return { context, degradations }
}
