/** How one file of the import format is read back out of the tables. */
export interface ExportKind {
  /** The file's name without extension. */
  readonly name: string
  /**
   * A statement that gives rows in key order, starting after the key in `$1...`. `limit` is added.
   * Its columns are the file's, nulls left out, plus the keys.
   */
  readonly statement: string
  /** Columns that order and continue the statement, unique together, with their types. */
  readonly keys: readonly { readonly column: string; readonly type: 'bigint' | 'text' }[]
}

const ACCOUNT_RELATIONS = [
  ['block', 'blocks'],
  ['mute', 'mutes'],
  ['mute_reposts', 'muted_reposts'],
  ['subscribe', 'subscriptions'],
] as const

const USER_KEYS = [
  { column: 'viewer_id', type: 'bigint' },
  { column: 'kind', type: 'text' },
  { column: 'key', type: 'text' },
] as const

/** Keys of the statement that are no column of the file. */
export const INTERNAL_COLUMNS: ReadonlySet<string> = new Set(['key', 'action_index'])

/** In the import's order. Ids are written as strings, times as milliseconds. */
export const EXPORT_KINDS: readonly ExportKind[] = [
  {
    name: 'users',
    keys: [{ column: 'id', type: 'bigint' }],
    statement: `select id, handle, display_name, bio, created_at_ms::float8 as created_at, language,
      country, birth_year, is_protected as protected, state, is_adult as adult, sensitive_opt_in,
      sells_subscriptions, followers_count_given as followers_count from users`,
  },
  {
    name: 'follows',
    keys: [
      { column: 'follower_id', type: 'bigint' },
      { column: 'followee_id', type: 'bigint' },
    ],
    statement: `select follower_id, followee_id, created_at_ms::float8 as created_at from follows`,
  },
  {
    name: 'relations',
    keys: USER_KEYS,
    statement: [
      ...ACCOUNT_RELATIONS.map(
        ([kind, table]) => `select user_id as viewer_id, '${kind}' as kind, target_id::text as key,
          target_id, null::text as topic, null::text as phrase, null::text as match,
          null::text[] as surfaces, null::float8 as expires_at from ${table}`,
      ),
      `select f.user_id, 'follow_topic', t.name, null, t.name, null, null, null, null
        from followed_topics f join topics t on t.id = f.topic_id`,
      `select user_id, 'muted_keyword', match || ' ' || phrase, null, null, phrase, match, surfaces,
        expires_at_ms::float8 from muted_keywords`,
    ].join(' union all '),
  },
  {
    name: 'posts',
    keys: [{ column: 'id', type: 'bigint' }],
    statement: `select id, author_id, created_at_ms::float8 as created_at, text, language,
      reply_to_post_id, reply_to_user_id, conversation_id, repost_of_post_id, repost_of_user_id,
      quoted_post_id, subscribers_only, sensitive, deleted_at_ms::float8 as deleted_at,
      (select json_agg(json_build_object('kind', m.kind, 'url', m.url, 'alt_text', m.alt_text,
        'width', m.width, 'height', m.height, 'duration_ms', m.duration_ms) order by m.position)
        from media m where m.post_id = posts.id) as media,
      (select array_agg(t.name order by t.name) from post_topics pt
        join topics t on t.id = pt.topic_id where pt.post_id = posts.id) as topics from posts`,
  },
  {
    name: 'labels',
    keys: [
      { column: 'subject', type: 'text' },
      { column: 'label', type: 'text' },
    ],
    statement: `select subject_kind || ':' || subject_id as subject, label,
      expires_at_ms::float8 as expires_at, source from visibility_labels`,
  },
  {
    name: 'takedowns',
    keys: [{ column: 'post_id', type: 'bigint' }],
    statement: `select post_id, array_agg(country order by country) as countries
      from takedowns group by post_id`,
  },
  {
    name: 'engagements',
    keys: [
      { column: 'viewer_id', type: 'bigint' },
      { column: 'post_id', type: 'bigint' },
      { column: 'action_index', type: 'bigint' },
      { column: 'at', type: 'bigint' },
    ],
    statement: `select viewer_id, post_id, action_index, at_ms as at, post_author_id, dwell_ms
      from engagements`,
  },
  {
    name: 'impressions',
    keys: [
      { column: 'viewer_id', type: 'bigint' },
      { column: 'at', type: 'bigint' },
      { column: 'post_id', type: 'bigint' },
    ],
    statement: `select viewer_id, at_ms as at, post_id, post_author_id, position, surface, source,
      propensity, request_id, outcomes, dwell_ms from impressions`,
  },
]
