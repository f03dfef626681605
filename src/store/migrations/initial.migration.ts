import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  `create table users (
    id bigint primary key,
    handle text not null,
    display_name text not null,
    bio text not null,
    created_at_ms bigint not null,
    language text,
    country text,
    birth_year integer,
    is_protected boolean not null,
    state text not null check (state in ('active', 'suspended', 'deactivated')),
    is_adult boolean not null,
    sensitive_opt_in boolean not null,
    sells_subscriptions boolean not null,
    followers_count_given integer,
    followers_count integer not null default 0
  )`,
  'create unique index users_handle on users (lower(handle))',
  `create table follows (
    follower_id bigint not null,
    followee_id bigint not null,
    created_at_ms bigint,
    primary key (follower_id, followee_id)
  )`,
  'create index follows_followee on follows (followee_id)',
  ...['blocks', 'mutes', 'muted_reposts', 'subscriptions'].map(
    (table) => `create table ${table} (
    user_id bigint not null,
    target_id bigint not null,
    primary key (user_id, target_id)
  )`,
  ),
  'create index blocks_target on blocks (target_id)',
  `create table muted_keywords (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    phrase text not null,
    match text not null check (match in ('word', 'phrase', 'hashtag', 'domain')),
    surfaces text[] not null,
    expires_at_ms bigint,
    unique (user_id, phrase, match)
  )`,
  `create table topics (
    id integer generated always as identity primary key,
    name text not null unique
  )`,
  `create table followed_topics (
    user_id bigint not null,
    topic_id integer not null,
    primary key (user_id, topic_id)
  )`,
  `create table posts (
    id bigint primary key,
    author_id bigint not null,
    created_at_ms bigint not null,
    text text not null,
    language text,
    reply_to_post_id bigint,
    reply_to_user_id bigint,
    conversation_id bigint,
    repost_of_post_id bigint,
    repost_of_user_id bigint,
    quoted_post_id bigint,
    subscribers_only boolean not null,
    sensitive boolean not null,
    deleted_at_ms bigint
  )`,
  'create index posts_author on posts (author_id, created_at_ms)',
  `create table media (
    post_id bigint not null,
    position smallint not null,
    kind text not null check (kind in ('image', 'video')),
    url text not null,
    alt_text text,
    width integer not null,
    height integer not null,
    duration_ms integer,
    primary key (post_id, position)
  )`,
  `create table post_topics (
    post_id bigint not null,
    topic_id integer not null,
    primary key (post_id, topic_id)
  )`,
  `create table post_counts (
    post_id bigint primary key,
    likes integer not null default 0,
    reply_actions integer not null default 0,
    repost_actions integer not null default 0,
    quote_actions integer not null default 0,
    reply_posts integer not null default 0,
    repost_posts integer not null default 0,
    quote_posts integer not null default 0
  )`,
  `create table visibility_labels (
    subject_kind text not null check (subject_kind in ('post', 'user')),
    subject_id bigint not null,
    label text not null,
    expires_at_ms bigint,
    source text,
    primary key (subject_kind, subject_id, label)
  )`,
  `create table takedowns (
    post_id bigint not null,
    country text not null,
    primary key (post_id, country)
  )`,
  `create table engagements (
    viewer_id bigint not null,
    post_id bigint not null,
    action_index smallint not null,
    at_ms bigint not null,
    post_author_id bigint,
    dwell_ms integer,
    surface smallint not null default 0,
    primary key (viewer_id, post_id, action_index, at_ms)
  )`,
  'create index engagements_viewer on engagements (viewer_id, at_ms)',
  `create table impressions (
    viewer_id bigint not null,
    post_id bigint not null,
    at_ms bigint not null,
    post_author_id bigint,
    position integer,
    surface text,
    source text,
    propensity double precision,
    request_id text,
    outcomes jsonb,
    dwell_ms integer,
    primary key (viewer_id, at_ms, post_id)
  )`,
  `create table served (
    viewer_id bigint not null,
    served_at_ms bigint not null,
    request_id text not null,
    position integer not null,
    post_id bigint not null,
    original_post_id bigint not null,
    primary key (viewer_id, served_at_ms, request_id, position)
  )`,
  `create table outbox (
    transaction_id xid8 not null default pg_current_xact_id(),
    id bigint generated always as identity,
    topic text not null,
    key text not null,
    event bytea not null,
    occurred_at_ms bigint not null,
    written_at_ms bigint not null,
    primary key (transaction_id, id)
  )`,
  'create index outbox_written on outbox (written_at_ms)',
  `create table processed_events (
    event_id text primary key,
    processed_at_ms bigint not null
  )`,
  `create table import_progress (
    file text not null,
    sha256 text not null,
    lines integer not null,
    accepted integer not null,
    rejected integer not null,
    skipped integer not null,
    finished boolean not null,
    primary key (file, sha256)
  )`,
  `create table demo_world (
    is_only boolean primary key default true check (is_only),
    seed integer not null,
    scale double precision not null,
    generated_at_ms bigint not null,
    imported_at_ms bigint
  )`,
]

/** Every table of the first release. */
export const initialMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
