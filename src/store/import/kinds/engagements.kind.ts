import { sql, type Kysely } from 'kysely'
import { ACTIONS } from '../../../gen/actions.ts'
import type { Tables } from '../../tables.ts'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError, type RowReader } from '../row-reader.ts'
import { namesOf, unnest, type UnnestColumn } from '../unnest.ts'

export interface ImportedEngagement {
  readonly viewerId: string
  readonly postId: string
  readonly actionIndex: number
  readonly atMs: number
  readonly postAuthorId: string | null
  readonly dwellMs: number | null
}

const ACTION_INDEXES: ReadonlyMap<string, number> = new Map(
  ACTIONS.flatMap(({ name, aliases, index }) =>
    [name, ...aliases].map((text): [string, number] => [text, index]),
  ),
)

function readAction(row: RowReader): number {
  const name = row.text('action', 100)
  const index = ACTION_INDEXES.get(name)
  if (index !== undefined) return index
  throw new BadColumnError(
    `action is "${name}": give one of ${[...ACTION_INDEXES.keys()].join(', ')}`,
  )
}

const COLUMNS: readonly UnnestColumn<ImportedEngagement>[] = [
  { name: 'viewer_id', type: 'bigint', value: (engagement) => engagement.viewerId },
  { name: 'post_id', type: 'bigint', value: (engagement) => engagement.postId },
  { name: 'action_index', type: 'smallint', value: (engagement) => engagement.actionIndex },
  { name: 'at_ms', type: 'bigint', value: (engagement) => engagement.atMs },
  { name: 'post_author_id', type: 'bigint', value: (engagement) => engagement.postAuthorId },
  { name: 'dwell_ms', type: 'integer', value: (engagement) => engagement.dwellMs },
]

function indexOf(action: 'favorite' | 'reply' | 'repost' | 'quote') {
  return sql.lit(ACTION_INDEXES.get(action) ?? -1)
}

const [LIKE, REPLY, REPOST, QUOTE] = [
  indexOf('favorite'),
  indexOf('reply'),
  indexOf('repost'),
  indexOf('quote'),
]

/** Counts change with the rows, in the same statement, by viewers who had not done it before. */
export async function writeEngagements(
  transaction: Kysely<Tables>,
  engagements: readonly ImportedEngagement[],
): Promise<void> {
  await sql`
      with written as (
        insert into engagements (${namesOf(COLUMNS)})
        select ${namesOf(COLUMNS)} from ${unnest(COLUMNS, engagements)}
        on conflict do nothing
        returning viewer_id, post_id, action_index
      ), first as (
        select distinct viewer_id, post_id, action_index from written
        where action_index in (${LIKE}, ${REPLY}, ${REPOST}, ${QUOTE}) and not exists (
          select from engagements earlier where earlier.viewer_id = written.viewer_id
            and earlier.post_id = written.post_id and earlier.action_index = written.action_index
        )
      )
      insert into post_counts (post_id, likes, reply_actions, repost_actions, quote_actions)
      select post_id,
        count(*) filter (where action_index = ${LIKE}),
        count(*) filter (where action_index = ${REPLY}),
        count(*) filter (where action_index = ${REPOST}),
        count(*) filter (where action_index = ${QUOTE})
      from first group by post_id order by post_id
      on conflict (post_id) do update set
        likes = post_counts.likes + excluded.likes,
        reply_actions = post_counts.reply_actions + excluded.reply_actions,
        repost_actions = post_counts.repost_actions + excluded.repost_actions,
        quote_actions = post_counts.quote_actions + excluded.quote_actions
    `.execute(transaction)
}

export const engagementsKind: ImportKind<ImportedEngagement> = {
  name: 'engagements',
  columns: ['viewer_id', 'post_id', 'action', 'at', 'post_author_id', 'dwell_ms'],
  read: (row) => ({
    viewerId: row.id('viewer_id'),
    postId: row.id('post_id'),
    actionIndex: readAction(row),
    atMs: row.timeMs('at'),
    postAuthorId: row.optionalId('post_author_id'),
    dwellMs: row.optionalInteger('dwell_ms'),
  }),
  async write(rows, { transaction }) {
    await writeEngagements(
      transaction,
      rows.map((row) => row.value),
    )
    return []
  },
}
