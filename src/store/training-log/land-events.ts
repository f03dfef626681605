import { sql, type Kysely } from 'kysely'
import { namesOf, unnest, type UnnestColumn } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import type { LoggedAction, LoggedImpression } from './logged-event.ts'

/** A page may be stamped as served a little after the client's clock says that it was seen. */
const CLOCK_SKEW_MS = 60_000

const IMPRESSION_COLUMNS: readonly UnnestColumn<LoggedImpression>[] = [
  { name: 'impression_key', type: 'text', value: ({ key }) => key },
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'shown_post_id', type: 'bigint', value: ({ shownPostId }) => shownPostId },
  { name: 'post_id', type: 'bigint', value: ({ postId }) => postId },
  { name: 'author_id', type: 'bigint', value: ({ authorId }) => authorId },
  { name: 'post_created_at_ms', type: 'bigint', value: (shown) => shown.postCreatedAtMs },
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  { name: 'position', type: 'integer', value: ({ position }) => position },
  { name: 'at_ms', type: 'bigint', value: ({ atMs }) => atMs },
  { name: 'ranked_at_ms', type: 'bigint', value: ({ rankedAtMs }) => rankedAtMs },
  { name: 'surface', type: 'text', value: ({ surface }) => surface },
  { name: 'source', type: 'text', value: ({ source }) => source },
  { name: 'propensity', type: 'double precision', value: ({ propensity }) => propensity },
  { name: 'model_version', type: 'text', value: ({ modelVersion }) => modelVersion },
  { name: 'weights_version', type: 'text', value: ({ weightsVersion }) => weightsVersion },
  { name: 'dwell_ms', type: 'integer', value: ({ dwellMs }) => dwellMs },
]

const ACTION_COLUMNS: readonly UnnestColumn<LoggedAction>[] = [
  { name: 'event_id', type: 'text', value: ({ eventId }) => eventId },
  { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
  { name: 'post_id', type: 'bigint', value: ({ postId }) => postId },
  { name: 'author_id', type: 'bigint', value: ({ authorId }) => authorId },
  { name: 'action_index', type: 'smallint', value: ({ actionIndex }) => actionIndex },
  { name: 'is_active', type: 'boolean', value: ({ isActive }) => isActive },
  { name: 'at_ms', type: 'bigint', value: ({ atMs }) => atMs },
  { name: 'dwell_ms', type: 'integer', value: ({ dwellMs }) => dwellMs },
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  { name: 'position', type: 'integer', value: ({ position }) => position },
]

/** One of each key: the first time on screen, the longest dwell. */
function mergeRepeated(impressions: readonly LoggedImpression[]): readonly LoggedImpression[] {
  const merged = new Map<string, LoggedImpression>()
  for (const shown of impressions) {
    const before = merged.get(shown.key)
    const dwellMs = Math.max(before?.dwellMs ?? 0, shown.dwellMs ?? 0)
    merged.set(shown.key, {
      ...(before ?? shown),
      atMs: Math.min(before?.atMs ?? shown.atMs, shown.atMs),
      dwellMs: dwellMs === 0 ? null : dwellMs,
    })
  }
  return [...merged.values()]
}

/**
 * Writes impressions; what an event does not say comes from the page that was served, then from
 * the post. The page is that of the event's request; else the newest that showed the post before:
 * a page at the seam of two rankings tells its client the newer alone, and other systems tell none.
 */
export async function landImpressions(
  transaction: Kysely<Tables>,
  impressions: readonly LoggedImpression[],
): Promise<void> {
  if (impressions.length === 0) return
  await sql`
    insert into training_impressions (${namesOf(IMPRESSION_COLUMNS)})
    select given.impression_key, given.viewer_id, given.shown_post_id,
      coalesce(given.post_id, page.original_post_id, post.repost_of_post_id,
        given.shown_post_id),
      coalesce(given.author_id, page.author_id, original.author_id, post.repost_of_user_id,
        post.author_id),
      coalesce(given.post_created_at_ms, page.post_created_at_ms, original.created_at_ms,
        post.created_at_ms),
      coalesce(given.request_id, page.request_id),
      case when given.request_id is null then coalesce(page.slate_position, given.position)
        else given.position end,
      given.at_ms,
      coalesce(given.ranked_at_ms, page.ranked_at_ms), coalesce(given.surface, page.surface),
      coalesce(given.source, page.source), coalesce(given.propensity, page.propensity),
      coalesce(given.model_version, page.model_version),
      coalesce(given.weights_version, page.weights_version), given.dwell_ms
    from ${unnest(IMPRESSION_COLUMNS, mergeRepeated(impressions))}
    left join lateral (
      select * from served
      where served.viewer_id = given.viewer_id and served.post_id = given.shown_post_id
        and served.served_at_ms <= given.at_ms + ${sql.lit(CLOCK_SKEW_MS)}
      order by (served.request_id is not distinct from given.request_id) desc,
        served.served_at_ms desc
      limit 1
    ) page on true
    left join posts post on post.id = given.shown_post_id
    left join posts original on original.id = post.repost_of_post_id
    on conflict (impression_key) do update set
      at_ms = least(training_impressions.at_ms, excluded.at_ms),
      dwell_ms = greatest(training_impressions.dwell_ms, excluded.dwell_ms)
  `.execute(transaction)
}

/** Writes actions, each event once. */
export async function landActions(
  transaction: Kysely<Tables>,
  actions: readonly LoggedAction[],
): Promise<void> {
  if (actions.length === 0) return
  const given = ACTION_COLUMNS.map(({ name }) =>
    name === 'author_id'
      ? sql`coalesce(given.author_id, post.author_id)`
      : sql.ref(`given.${name}`),
  )
  await sql`
    insert into training_actions (${namesOf(ACTION_COLUMNS)}, post_created_at_ms)
    select ${sql.join(given)}, post.created_at_ms
    from ${unnest(ACTION_COLUMNS, actions)}
    left join posts post on post.id = given.post_id
    on conflict (event_id) do nothing`.execute(transaction)
}
