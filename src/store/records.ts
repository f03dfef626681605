import type { PostId, TopicId, UserId } from '../ids.ts'

export type AccountState = 'active' | 'suspended' | 'deactivated'

export interface UserRecord {
  readonly id: UserId
  readonly handle: string
  readonly displayName: string
  readonly bio: string
  readonly createdAtMs: number
  readonly language: string | null
  readonly country: string | null
  readonly birthYear: number | null
  readonly isProtected: boolean
  readonly state: AccountState
  readonly isAdult: boolean
  readonly sensitiveOptIn: boolean
  readonly sellsSubscriptions: boolean
  readonly followersCount: number
}

/** A post that exists and is not deleted. A repost's text is its original's. */
export interface PostRecord {
  readonly id: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
  readonly text: string
  readonly language: string | null
  readonly replyToPostId: PostId | null
  readonly replyToUserId: UserId | null
  readonly conversationId: PostId | null
  readonly repostOfPostId: PostId | null
  readonly repostOfUserId: UserId | null
  readonly quotedPostId: PostId | null
  readonly quotedUserId: UserId | null
  readonly subscribersOnly: boolean
  readonly sensitive: boolean
}

export interface TopicRecord {
  readonly id: TopicId
  /** As the import or the event log wrote it. */
  readonly name: string
}

export type MediaKind = 'image' | 'video'

export interface MediaRecord {
  readonly postId: PostId
  readonly kind: MediaKind
  readonly url: string
  readonly altText: string | null
  readonly width: number
  readonly height: number
  /** Videos only. */
  readonly durationMs: number | null
}

export interface EngagementCounts {
  readonly likes: number
  readonly replies: number
  readonly reposts: number
  readonly quotes: number
  /** How often it was shown to somebody, itself or in a repost. */
  readonly views: number
}

/** Labels that have not expired, and countries ('xx' = everywhere) that a takedown names. */
export interface ModerationRecord {
  readonly labels: readonly string[]
  readonly takedownCountries: readonly string[]
}

export type KeywordMatch = 'word' | 'phrase' | 'hashtag' | 'domain'
export type KeywordSurface = 'body' | 'quoted' | 'author_handle' | 'alt_text' | 'link'

export interface MutedKeywordRecord {
  readonly id: string
  readonly phrase: string
  readonly match: KeywordMatch
  readonly surfaces: readonly KeywordSurface[]
  readonly expiresAtMs: number | null
}

/** All of a viewer's lists that decide who may see what, read together so that they agree. */
export interface ViewerRelations {
  readonly blockedIds: ReadonlySet<UserId>
  /** Accounts that block the viewer. */
  readonly blockedByIds: ReadonlySet<UserId>
  readonly mutedIds: ReadonlySet<UserId>
  /** Accounts whose reposts the viewer does not want. */
  readonly mutedRepostIds: ReadonlySet<UserId>
  /** Not expired. */
  readonly mutedKeywords: readonly MutedKeywordRecord[]
  readonly subscribedIds: ReadonlySet<UserId>
  readonly followedTopicIds: readonly TopicId[]
  readonly account: UserRecord | null
}
