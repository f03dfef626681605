import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  `alter table served
    add column author_id bigint,
    add column post_created_at_ms bigint,
    add column ranked_at_ms bigint,
    add column slate_position integer,
    add column surface text,
    add column source text,
    add column propensity double precision,
    add column model_version text,
    add column weights_version text`,
  `create table training_impressions (
    impression_key text primary key,
    viewer_id bigint not null,
    shown_post_id bigint not null,
    post_id bigint not null,
    author_id bigint,
    post_created_at_ms bigint,
    request_id text,
    position integer not null,
    at_ms bigint not null,
    ranked_at_ms bigint,
    surface text,
    source text,
    propensity double precision,
    model_version text,
    weights_version text,
    dwell_ms integer
  )`,
  'create index training_impressions_time on training_impressions (at_ms, impression_key)',
  'create index training_impressions_post on training_impressions (viewer_id, post_id, at_ms)',
  `create index training_impressions_shown
    on training_impressions (viewer_id, shown_post_id, at_ms)`,
  `create table training_actions (
    event_id text primary key,
    viewer_id bigint not null,
    post_id bigint not null,
    author_id bigint,
    post_created_at_ms bigint,
    action_index smallint not null,
    is_active boolean not null,
    at_ms bigint not null,
    dwell_ms integer,
    request_id text,
    position integer not null
  )`,
  'create index training_actions_time on training_actions (at_ms, event_id)',
  'create index training_actions_post on training_actions (viewer_id, post_id, at_ms)',
  'create index training_actions_request on training_actions (viewer_id, request_id, position)',
  `create table training_log_state (
    is_only boolean primary key default true check (is_only),
    installation text not null,
    final_until_ms bigint not null
  )`,
  `insert into training_log_state (installation, final_until_ms)
    values (substr(md5(random()::text || clock_timestamp()::text), 1, 8), 0)`,
]

/** The training log's open rows, and what the gateway alone knows of what it served. */
export const trainingLogMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
