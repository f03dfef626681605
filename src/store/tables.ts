import type { ColumnType, Generated } from 'kysely'
import type { Id, Ms, NullableMs } from './column-types.ts'
import type { HistoryTables } from './history-tables.ts'

/**
 * The tables as kysely sees them. Conventions, the same on both engines:
 * - ids are bigint and read as decimal strings;
 * - times are bigint milliseconds since 1970 (`…_at_ms`), also read as strings: `Number()` them;
 * - there are no foreign keys: rows of different files and topics may arrive in any order.
 */
export interface Tables extends HistoryTables {
  users: UsersTable
  follows: FollowsTable
  blocks: TargetTable
  mutes: TargetTable
  muted_reposts: TargetTable
  subscriptions: TargetTable
  muted_keywords: MutedKeywordsTable
  followed_topics: FollowedTopicsTable
  topics: TopicsTable
  posts: PostsTable
  media: MediaTable
  post_topics: PostTopicsTable
  post_counts: PostCountsTable
  visibility_labels: VisibilityLabelsTable
  takedowns: TakedownsTable
  engagements: EngagementsTable
  impressions: ImpressionsTable
  outbox: OutboxTable
  processed_events: ProcessedEventsTable
  log_positions: LogPositionsTable
  entity_versions: EntityVersionsTable
  training_impressions: TrainingImpressionsTable
  training_actions: TrainingActionsTable
  training_log_state: TrainingLogStateTable
  import_progress: ImportProgressTable
  demo_world: DemoWorldTable
}

export interface UsersTable {
  id: Id
  handle: string
  display_name: string
  bio: string
  created_at_ms: Ms
  language: string | null
  country: string | null
  birth_year: number | null
  is_protected: boolean
  state: 'active' | 'suspended' | 'deactivated'
  is_adult: boolean
  sensitive_opt_in: boolean
  sells_subscriptions: boolean
  /** As the import said; null = count the follows. */
  followers_count_given: number | null
  /** `followers_count_given`, else the number of `follows` rows, refreshed after each import. */
  followers_count: Generated<number>
}

export interface FollowsTable {
  follower_id: Id
  followee_id: Id
  created_at_ms: NullableMs
}

/** Blocks, mutes, muted reposts, subscriptions: `user_id` has it on `target_id`. */
export interface TargetTable {
  user_id: Id
  target_id: Id
}

export interface MutedKeywordsTable {
  id: Generated<string>
  user_id: Id
  phrase: string
  match: 'word' | 'phrase' | 'hashtag' | 'domain'
  surfaces: string[]
  expires_at_ms: NullableMs
}

export interface FollowedTopicsTable {
  user_id: Id
  topic_id: number
}

export interface TopicsTable {
  id: Generated<number>
  name: string
}

export interface PostsTable {
  id: Id
  author_id: Id
  created_at_ms: Ms
  text: string
  language: string | null
  reply_to_post_id: Id | null
  reply_to_user_id: Id | null
  conversation_id: Id | null
  repost_of_post_id: Id | null
  repost_of_user_id: Id | null
  quoted_post_id: Id | null
  subscribers_only: boolean
  sensitive: boolean
  deleted_at_ms: NullableMs
}

export interface MediaTable {
  post_id: Id
  position: number
  kind: 'image' | 'video'
  url: string
  alt_text: string | null
  width: number
  height: number
  duration_ms: number | null
}

export interface PostTopicsTable {
  post_id: Id
  topic_id: number
}

/**
 * Counts beside the rows they count: 1,500 are one indexed read. Viewers who liked, replied,
 * reposted, quoted, and posts that do, the larger of both is shown; views of reposts too.
 */
export interface PostCountsTable {
  post_id: Id
  likes: Generated<number>
  reply_actions: Generated<number>
  repost_actions: Generated<number>
  quote_actions: Generated<number>
  reply_posts: Generated<number>
  repost_posts: Generated<number>
  quote_posts: Generated<number>
  views: Generated<number>
}

export interface VisibilityLabelsTable {
  subject_kind: 'post' | 'user'
  subject_id: Id
  label: string
  expires_at_ms: NullableMs
  source: string | null
}

export interface TakedownsTable {
  post_id: Id
  country: string
}

export interface EngagementsTable {
  viewer_id: Id
  post_id: Id
  action_index: number
  at_ms: Ms
  /** The post may be older than what is kept. Null = not known (yet). */
  post_author_id: Id | null
  dwell_ms: number | null
  /** 0 home feed, 1 profile, 2 search, 3 post page, 4 notifications. */
  surface: Generated<number>
}

export interface ImpressionsTable {
  viewer_id: Id
  post_id: Id
  at_ms: Ms
  post_author_id: Id | null
  position: number | null
  surface: string | null
  source: string | null
  propensity: number | null
  request_id: string | null
  outcomes: ColumnType<Record<string, number> | null, string | null, string | null>
  dwell_ms: number | null
  /** What a repost shows. Null = the post itself, or not known. */
  original_post_id: Id | null
}

export interface OutboxTable {
  transaction_id: Generated<string>
  id: Generated<string>
  topic: string
  key: string
  event: Buffer
  occurred_at_ms: Ms
  written_at_ms: Ms
}

export interface ProcessedEventsTable {
  event_id: string
  processed_at_ms: Ms
}

/** How far a reader of ours has come in a log; whole numbers as text. */
export interface LogPositionsTable {
  reader: string
  topic: string
  partition: number
  position: string
}

/** The newest version that the materialiser applied: the older of two events is ignored. */
export interface EntityVersionsTable {
  entity: string
  version: string
  /** False: that version took it away. */
  is_active: boolean
}

/** Impressions whose outcomes may still come; nulls are unknown. */
export interface TrainingImpressionsTable {
  /** Viewer, request, position and post; the event's id where it names no request. */
  impression_key: string
  viewer_id: Id
  /** As shown. */
  shown_post_id: Id
  /** As judged: the original of a repost. */
  post_id: Id
  author_id: Id | null
  post_created_at_ms: NullableMs
  request_id: string | null
  position: number
  at_ms: Ms
  ranked_at_ms: NullableMs
  surface: string | null
  source: string | null
  propensity: number | null
  model_version: string | null
  weights_version: string | null
  dwell_ms: number | null
}

/** What viewers did, each event a row, until the impressions before it are final. */
export interface TrainingActionsTable {
  event_id: string
  viewer_id: Id
  post_id: Id
  author_id: Id | null
  post_created_at_ms: NullableMs
  action_index: number
  /** False takes earlier ones back. */
  is_active: boolean
  at_ms: Ms
  dwell_ms: number | null
  /** Null = unattributed. */
  request_id: string | null
  position: number
}

/** One row. */
export interface TrainingLogStateTable {
  is_only: Generated<boolean>
  /** Names the parts that this database's rows were written to. */
  installation: string
  /** Hours before it are final: their rows are in files, and what comes later is late. */
  final_until_ms: Ms
}

export interface ImportProgressTable {
  /** Kind of file: `users`, `posts`. */
  file: string
  sha256: string
  lines: number
  accepted: number
  rejected: number
  skipped: number
  finished: boolean
}

/** At most one row: this database was filled by the demo world. */
export interface DemoWorldTable {
  is_only: Generated<boolean>
  seed: number
  scale: number
  generated_at_ms: Ms
  /** Null = its import has not finished. */
  imported_at_ms: NullableMs
}
