import { sql } from 'kysely'
import type { EventRecord } from '../../events/event-log.ts'
import { writeOutbox } from '../outbox.ts'
import { postCreatedRecord, postDeletedRecord, postRestoredRecord } from '../post-events.ts'
import type { WriteContext } from './import-kind.ts'
import type { ImportedPost } from './imported-post.ts'

/** Posts older than this reach neither Thunder nor the retrieval index. */
const RECENT_MS = 48 * 3_600_000

/** A post as it was written, and what it was before. */
export interface WrittenPost {
  readonly post: ImportedPost
  readonly before: 'absent' | 'live' | 'deleted'
}

interface FactsRow {
  readonly id: string
  readonly reply_to_user_id: string | null
  readonly repost_of_user_id: string | null
  readonly is_public: boolean | null
}

async function readFacts(
  { transaction }: WriteContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, FactsRow>> {
  const { rows } = await sql<FactsRow>`
    select p.id, coalesce(p.reply_to_user_id, parent.author_id) as reply_to_user_id,
      coalesce(p.repost_of_user_id, original.author_id) as repost_of_user_id,
      u.state = 'active' and not u.is_protected as is_public
    from posts p
    left join users u on u.id = p.author_id
    left join posts parent on parent.id = p.reply_to_post_id and p.reply_to_user_id is null
    left join posts original on original.id = p.repost_of_post_id and p.repost_of_user_id is null
    where p.id = any(${ids}::bigint[])`.execute(transaction)
  return new Map(rows.map((row) => [row.id, row]))
}

function toEventRecord(
  { post, before }: WrittenPost,
  facts: FactsRow | undefined,
  nowMs: number,
): EventRecord | null {
  if (post.deletedAtMs !== null) {
    const { id, authorId, deletedAtMs } = post
    return before === 'deleted' ? null : postDeletedRecord({ id, authorId, deletedAtMs }, nowMs)
  }
  if (before === 'live') return null
  const eventFacts = {
    ...post,
    replyToUserId: facts?.reply_to_user_id ?? null,
    repostOfUserId: facts?.repost_of_user_id ?? null,
    recommendable: facts?.is_public === true && !post.subscribersOnly,
  }
  return before === 'absent'
    ? postCreatedRecord(eventFacts, nowMs)
    : postRestoredRecord(eventFacts, nowMs)
}

/** Tells the event log about recent posts that appeared, went or came back. */
export async function writePostEvents(
  context: WriteContext,
  written: readonly WrittenPost[],
): Promise<void> {
  const { nowMs, transaction } = context
  const recent = written.filter(({ post }) => post.createdAtMs >= nowMs - RECENT_MS)
  if (recent.length === 0) return
  const facts = await readFacts(
    context,
    recent.map(({ post }) => post.id),
  )
  const records = recent
    .map((one) => toEventRecord(one, facts.get(one.post.id), nowMs))
    .filter((record) => record !== null)
  await writeOutbox(transaction, records, nowMs)
}
