import { sql, type Kysely } from 'kysely'
import { snowflakeCreatedAtMs } from '../../ids.ts'
import { DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { Tables } from '../tables.ts'
import { TRAINING_LOG_PARAMS } from './training-log.params.ts'

/** One impression with what came of it. Nulls: not known. */
export interface ImpressionLogRow {
  readonly key: string
  readonly requestId: string | null
  readonly viewerId: string
  readonly postId: string
  readonly authorId: string | null
  readonly shownPostId: string
  readonly position: number
  readonly surface: string | null
  readonly atMs: number
  readonly rankedAtMs: number | null
  readonly postCreatedAtMs: number | null
  readonly source: string | null
  readonly propensity: number | null
  readonly modelVersion: string | null
  readonly weightsVersion: string | null
  /** Bit i = action i of actions.json. */
  readonly outcomes: number
  readonly dwellMs: number | null
}

/** One thing that a viewer did or took back. */
export interface ActionLogRow {
  readonly key: string
  readonly viewerId: string
  readonly postId: string
  readonly authorId: string | null
  readonly postCreatedAtMs: number | null
  readonly actionIndex: number
  readonly isActive: boolean
  readonly atMs: number
  readonly dwellMs: number | null
  readonly requestId: string | null
}

/** Rows from `fromMs` up to and without `untilMs`, after `after` in order of (time, key). */
export interface RowRange {
  readonly fromMs: number
  readonly untilMs: number
  readonly after: { readonly atMs: number; readonly key: string } | null
  readonly limit: number
}

interface StoredImpression {
  readonly impression_key: string
  readonly viewer_id: string
  readonly shown_post_id: string
  readonly post_id: string
  readonly author_id: string | null
  readonly post_created_at_ms: string | null
  readonly request_id: string | null
  readonly position: number
  readonly at_ms: string
  readonly ranked_at_ms: string | null
  readonly surface: string | null
  readonly source: string | null
  readonly propensity: number | null
  readonly model_version: string | null
  readonly weights_version: string | null
  readonly dwell_ms: number | null
  readonly outcomes: number | null
  readonly action_dwell_ms: number | null
}

function toNumber(text: string | null): number | null {
  return text === null ? null : Number(text)
}

/** As given, else from the id, as the gateway and the services do. */
function creationOf(postId: string, given: string | null, atMs: number): number | null {
  return given === null ? snowflakeCreatedAtMs(postId, atMs) : Number(given)
}

function toImpressionRow(row: StoredImpression): ImpressionLogRow {
  const atMs = Number(row.at_ms)
  const dwellMs = Math.max(row.dwell_ms ?? 0, row.action_dwell_ms ?? 0)
  return {
    key: row.impression_key,
    requestId: row.request_id,
    viewerId: row.viewer_id,
    postId: row.post_id,
    authorId: row.author_id,
    shownPostId: row.shown_post_id,
    position: row.position,
    surface: row.surface,
    atMs,
    rankedAtMs: toNumber(row.ranked_at_ms),
    postCreatedAtMs: creationOf(row.post_id, row.post_created_at_ms, atMs),
    source: row.source,
    propensity: row.propensity,
    modelVersion: row.model_version,
    weightsVersion: row.weights_version,
    outcomes: row.outcomes ?? 0,
    dwellMs: dwellMs === 0 ? null : dwellMs,
  }
}

/**
 * Impressions with their outcomes: what the viewer had done, and not taken back, at the end of the
 * window. An action with a token belongs to that request's impression; another to the newest
 * impression of the post before it.
 */
export async function readImpressionRows(
  database: Kysely<Tables>,
  { fromMs, untilMs, after, limit }: RowRange,
): Promise<readonly ImpressionLogRow[]> {
  const windowMs = sql.lit(TRAINING_LOG_PARAMS.outcomeWindowMs)
  const { rows } = await sql<StoredImpression>`
    with page as materialized (
      select * from training_impressions
      where at_ms >= ${fromMs} and at_ms < ${untilMs}
        and (at_ms, impression_key) > (${after?.atMs ?? -1}::bigint, ${after?.key ?? ''}::text)
      order by at_ms, impression_key limit ${limit}
    ), matched as (
      select page.impression_key, act.action_index, act.is_active, act.at_ms, act.event_id,
        act.dwell_ms
      from page join training_actions act on act.viewer_id = page.viewer_id
        and act.request_id = page.request_id and act.position = page.position
        and act.at_ms < page.at_ms + ${windowMs}
      union all
      select page.impression_key, act.action_index, act.is_active, act.at_ms, act.event_id,
        act.dwell_ms
      from page join training_actions act on act.viewer_id = page.viewer_id
        and act.post_id in (page.post_id, page.shown_post_id) and act.request_id is null
        and act.at_ms >= page.at_ms and act.at_ms < page.at_ms + ${windowMs}
      where not exists (
        select from training_impressions newer
        where newer.viewer_id = act.viewer_id and newer.at_ms <= act.at_ms
          and (newer.post_id = act.post_id or newer.shown_post_id = act.post_id)
          and (newer.at_ms, newer.impression_key) > (page.at_ms, page.impression_key)
      )
    ), settled as (
      select distinct on (impression_key, action_index) impression_key, action_index, is_active
      from matched order by impression_key, action_index, at_ms desc, event_id desc
    ), done as (
      select impression_key, bit_or(1 << action_index) as outcomes from settled
      where is_active and action_index < ${sql.lit(DISCRETE_ACTION_COUNT)}
      group by impression_key
    ), dwelt as (
      select impression_key, max(dwell_ms) as action_dwell_ms from matched where is_active
      group by impression_key
    )
    select page.*, done.outcomes, dwelt.action_dwell_ms from page
    left join done using (impression_key) left join dwelt using (impression_key)
    order by page.at_ms, page.impression_key`.execute(database)
  return rows.map(toImpressionRow)
}

interface StoredAction {
  readonly event_id: string
  readonly viewer_id: string
  readonly post_id: string
  readonly author_id: string | null
  readonly post_created_at_ms: string | null
  readonly action_index: number
  readonly is_active: boolean
  readonly at_ms: string
  readonly dwell_ms: number | null
  readonly request_id: string | null
}

/** Actions as they came. */
export async function readActionRows(
  database: Kysely<Tables>,
  { fromMs, untilMs, after, limit }: RowRange,
): Promise<readonly ActionLogRow[]> {
  const { rows } = await sql<StoredAction>`
    select * from training_actions
    where at_ms >= ${fromMs} and at_ms < ${untilMs}
      and (at_ms, event_id) > (${after?.atMs ?? -1}::bigint, ${after?.key ?? ''}::text)
    order by at_ms, event_id limit ${limit}`.execute(database)
  return rows.map((row) => {
    const atMs = Number(row.at_ms)
    return {
      key: row.event_id,
      viewerId: row.viewer_id,
      postId: row.post_id,
      authorId: row.author_id,
      postCreatedAtMs: creationOf(row.post_id, row.post_created_at_ms, atMs),
      actionIndex: row.action_index,
      isActive: row.is_active,
      atMs,
      dwellMs: row.dwell_ms,
      requestId: row.request_id,
    }
  })
}
