import { DISCRETE_ACTION_COUNT } from '../gen/actions.ts'
import { snowflakeCreatedAtMs, trustPostId, trustUserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'

/** Actions of one viewer on one post in less than this time of the first are one history token. */
export const BURST_MS = 5 * 60_000

/** One stored engagement. */
export interface ActionRow {
  readonly post_id: string
  /** Null = nobody knows whose post it was: such a row cannot be a token. */
  readonly author_id: string | null
  readonly action_index: number
  readonly dwell_ms: number | null
  readonly surface: number
  readonly at_ms: string
  /** Null = the post is not kept; its id tells when it is a snowflake. */
  readonly post_created_at_ms: string | null
}

interface Burst {
  readonly row: ActionRow
  readonly actedAtMs: number
  readonly actionIndexes: Set<number>
  dwellMs: number
}

/**
 * Merges a viewer's actions, given oldest first, into bursts: same post, less than `BURST_MS` after
 * the burst's first action, as in training. Bursts without a discrete action are dropped, then the
 * newest `actionsMax` are kept, oldest first. A burst's dwell is the longest that one of its
 * actions reports.
 * Source: spec/hydrators.md 1.1.
 */
export function aggregateActions(rows: readonly ActionRow[], actionsMax: number): ActionSequence {
  const bursts: Burst[] = []
  const openByPost = new Map<string, Burst>()
  for (const row of rows) {
    if (row.author_id === null) continue
    const atMs = Number(row.at_ms)
    let burst = openByPost.get(row.post_id)
    if (burst === undefined || atMs - burst.actedAtMs >= BURST_MS) {
      burst = { row, actedAtMs: atMs, actionIndexes: new Set(), dwellMs: 0 }
      openByPost.set(row.post_id, burst)
      bursts.push(burst)
    }
    if (row.action_index < DISCRETE_ACTION_COUNT) burst.actionIndexes.add(row.action_index)
    burst.dwellMs = Math.max(burst.dwellMs, row.dwell_ms ?? 0)
  }
  return bursts
    .filter((burst) => burst.actionIndexes.size > 0)
    .slice(-actionsMax)
    .map(toAggregatedAction)
}

function toAggregatedAction({ row, actedAtMs, actionIndexes, dwellMs }: Burst) {
  return {
    postId: trustPostId(row.post_id),
    authorId: trustUserId(row.author_id ?? '0'),
    actionIndexes: [...actionIndexes].sort((a, b) => a - b),
    dwellSeconds: dwellMs / 1_000,
    surface: row.surface,
    actedAtMs,
    postCreatedAtMs:
      row.post_created_at_ms === null
        ? (snowflakeCreatedAtMs(row.post_id, actedAtMs) ?? 0)
        : Number(row.post_created_at_ms),
  }
}
