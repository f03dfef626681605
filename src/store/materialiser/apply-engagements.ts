import { sql, type Transaction } from 'kysely'
import { ACTIONS, type ActionName } from '../../gen/actions.ts'
import { writeEngagements, type ImportedEngagement } from '../import/kinds/engagements.kind.ts'
import { unnest } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import type { ChangeBody } from './change.ts'

type EngagementChange = Extract<ChangeBody, { readonly kind: 'engagement' }>

function indexOf(action: ActionName) {
  return sql.lit(ACTIONS.find(({ name }) => name === action)?.index ?? -1)
}

/** The viewer's actions of that kind on the post are gone, and no longer counted. */
async function withdraw(
  transaction: Transaction<Tables>,
  engagements: readonly ImportedEngagement[],
): Promise<void> {
  await sql`
    with removed as (
      delete from engagements using ${unnest<ImportedEngagement>(
        [
          { name: 'viewer_id', type: 'bigint', value: ({ viewerId }) => viewerId },
          { name: 'post_id', type: 'bigint', value: ({ postId }) => postId },
          { name: 'action_index', type: 'smallint', value: ({ actionIndex }) => actionIndex },
        ],
        engagements,
      )}
      where engagements.viewer_id = given.viewer_id and engagements.post_id = given.post_id
        and engagements.action_index = given.action_index
      returning engagements.viewer_id, engagements.post_id, engagements.action_index
    ), counted as (
      select post_id,
        count(distinct viewer_id) filter (where action_index = ${indexOf('favorite')}) as likes,
        count(distinct viewer_id) filter (where action_index = ${indexOf('reply')}) as replies,
        count(distinct viewer_id) filter (where action_index = ${indexOf('repost')}) as reposts,
        count(distinct viewer_id) filter (where action_index = ${indexOf('quote')}) as quotes
      from removed group by post_id
    )
    update post_counts set
      likes = post_counts.likes - counted.likes,
      reply_actions = post_counts.reply_actions - counted.replies,
      repost_actions = post_counts.repost_actions - counted.reposts,
      quote_actions = post_counts.quote_actions - counted.quotes
    from counted where counted.post_id = post_counts.post_id`.execute(transaction)
}

/** Runs of the same kind go together; their order is kept. */
export async function applyEngagements(
  transaction: Transaction<Tables>,
  changes: readonly EngagementChange[],
): Promise<void> {
  for (let start = 0; start < changes.length;) {
    const isActive = changes[start]?.isActive
    let end = start
    while (end < changes.length && changes[end]?.isActive === isActive) end += 1
    const run = changes.slice(start, end).map(({ engagement }) => engagement)
    if (isActive === true) await writeEngagements(transaction, run)
    else await withdraw(transaction, run)
    start = end
  }
}
