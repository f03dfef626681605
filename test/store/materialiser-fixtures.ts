import { sql } from 'kysely'
import { createHash } from 'node:crypto'
import { createEvent, type EventPayload } from '../../src/events/event-codec.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { Engaged, PostContent, PostFacts, RelationChanged } from '../../src/gen/events.ts'
import type { Database } from '../../src/store/database.ts'

export const NOW_MS = 1_780_000_000_000

interface Moment {
  readonly version?: number
  readonly atMs?: number
}

function record(
  topic: EventRecord['topic'],
  payload: EventPayload,
  { version = 1, atMs = NOW_MS }: Moment,
): EventRecord {
  return { topic, key: '7', event: createEvent(payload, atMs, BigInt(version)) }
}

export function creation(
  postId: number,
  more: Partial<PostFacts> = {},
  moment: Moment = {},
): EventRecord {
  const facts = { postId: BigInt(postId), authorId: 7n, createdAtMs: BigInt(NOW_MS), ...more }
  const post = PostFacts.fromPartial(facts)
  return record('posts', { $case: 'postCreated', value: { post } }, moment)
}

export function restoration(postId: number, moment: Moment = {}): EventRecord {
  const facts = { postId: BigInt(postId), authorId: 7n, createdAtMs: BigInt(NOW_MS) }
  const post = PostFacts.fromPartial(facts)
  return record('posts', { $case: 'postRestored', value: { post } }, moment)
}

export function deletion(postId: number, moment: Moment = {}): EventRecord {
  const value = { postId: BigInt(postId), authorId: 7n, deletedAtMs: BigInt(NOW_MS) }
  return record('posts', { $case: 'postDeleted', value }, moment)
}

export function content(text: string, more: Partial<PostContent> = {}): PostContent {
  return PostContent.fromPartial({ text, language: 'en', ...more })
}

export function engagement(
  viewerId: number,
  postId: number,
  more: Partial<Engaged> & Moment = {},
): EventRecord {
  const { version, atMs, ...rest } = more
  const value = Engaged.fromPartial({
    viewerId: BigInt(viewerId),
    postId: BigInt(postId),
    postAuthorId: 7n,
    active: true,
    ...rest,
  })
  const moment = { ...(version === undefined ? {} : { version }), ...(atMs ? { atMs } : {}) }
  return record('engagements', { $case: 'engaged', value }, moment)
}

export function relation(
  viewerId: number,
  targetId: number,
  more: Partial<RelationChanged> & Moment = {},
): EventRecord {
  const { version, atMs, ...rest } = more
  const value = RelationChanged.fromPartial({
    viewerId: BigInt(viewerId),
    targetId: BigInt(targetId),
    kind: 'follow',
    active: true,
    ...rest,
  })
  const moment = { ...(version === undefined ? {} : { version }), ...(atMs ? { atMs } : {}) }
  return record('relations', { $case: 'relationChanged', value }, moment)
}

const TABLES = [
  'posts',
  'media',
  'post_topics',
  'topics',
  'post_counts',
  'engagements',
  'follows',
  'blocks',
  'mutes',
  'muted_reposts',
  'subscriptions',
  'followed_topics',
  'muted_keywords',
  'entity_versions',
]

/** Equal for databases that the same events led to. */
export async function tablesHash({ kysely }: Database): Promise<string> {
  const hash = createHash('sha256')
  for (const table of TABLES) {
    const { rows } = await sql<{ readonly row: string }>`
      select (to_jsonb(given) ${table === 'muted_keywords' ? sql`- 'id'` : sql``})::text as row
      from ${sql.table(table)} as given order by 1`.execute(kysely)
    hash.update(`${table}\n${rows.map(({ row }) => row).join('\n')}\n`)
  }
  return hash.digest('hex')
}

export async function emptyTables({ kysely }: Database): Promise<void> {
  for (const table of [...TABLES, 'outbox', 'log_positions', 'processed_events', 'users']) {
    await sql`delete from ${sql.table(table)}`.execute(kysely)
  }
}
