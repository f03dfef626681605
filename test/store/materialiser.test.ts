import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { readDeadLetters } from '../../src/events/dead-letters.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import type { Database } from '../../src/store/database.ts'
import { changesPart } from '../../src/store/materialiser/changes.part.ts'
import { Materialiser } from '../../src/store/materialiser/materialiser.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import {
  content,
  creation,
  deletion,
  emptyTables,
  engagement,
  NOW_MS,
  relation,
  restoration,
  tablesHash,
} from './materialiser-fixtures.ts'

const LIKE = 0

// The log in process will do: test/store/kafka-kill.test.ts has a broker.
describeEngines('the materialiser', (engine) => {
  let opened: TestDatabase
  let database: Database
  let log: InProcessEventLog

  /** Publishes, lets a materialiser write it all, and ends it. */
  async function materialise(...records: readonly EventRecord[]) {
    await log.publish(records)
    const materialiser = new Materialiser({
      part: changesPart,
      database,
      log,
      nowMs: () => NOW_MS,
      checkIntervalMs: 20,
      backoff: { firstMs: 1, longestMs: 4 },
    })
    await materialiser.caughtUp
    await materialiser.close()
    return materialiser.stats()
  }

  const rows = async (query: ReturnType<typeof sql>) => (await query.execute(database.kysely)).rows

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  beforeEach(async () => {
    await emptyTables(database)
    log = new InProcessEventLog({
      reader: createOutboxReader(database),
      writer: createOutboxWriter(database, () => NOW_MS),
      pollIntervalMs: 10,
      backoff: { firstMs: 1, longestMs: 4 },
    })
  })
  afterEach(() => log.close())
  afterAll(() => opened.close())

  it('writes posts with their content, media, topics and counts', async () => {
    const media = [
      { kind: 2, url: 'v.mp4', altText: '', width: 16, height: 9, durationMs: 8_000 },
      { kind: 1, url: 'i.png', altText: 'a cat', width: 4, height: 3, durationMs: 0 },
    ]
    const full = content('hello', { media, topics: ['cats', 'dogs', 'cats'], sensitive: true })
    await materialise(
      creation(1, { content: full }),
      creation(2, { content: content('a reply'), replyToPostId: 1n, replyToUserId: 7n }),
      creation(3, { repostOfPostId: 1n, repostOfUserId: 7n }),
    )
    expect(await rows(sql`select id, text, language, sensitive from posts order by id`)).toEqual([
      { id: '1', text: 'hello', language: 'en', sensitive: true },
      { id: '2', text: 'a reply', language: 'en', sensitive: false },
      { id: '3', text: '', language: null, sensitive: false },
    ])
    expect(
      await rows(sql`select kind, url, alt_text, duration_ms from media order by position`),
    ).toEqual([
      { kind: 'video', url: 'v.mp4', alt_text: null, duration_ms: 8_000 },
      { kind: 'image', url: 'i.png', alt_text: 'a cat', duration_ms: null },
    ])
    expect(await rows(sql`select name from topics order by name`)).toHaveLength(2)
    expect(await rows(sql`select post_id, reply_posts, repost_posts from post_counts`)).toEqual([
      { post_id: '1', reply_posts: 1, repost_posts: 1 },
    ])
  })

  it('deletes and restores a post, which keeps its text, and counts along', async () => {
    await materialise(
      creation(1, { content: content('root') }),
      creation(2, { content: content('stays'), replyToPostId: 1n }),
      deletion(2, { version: 2 }),
    )
    const read = () =>
      rows(sql`select text, deleted_at_ms is null as live,
        coalesce(reply_posts, 0) as reply_posts
        from posts left join post_counts on post_id = 1 where id = 2`)
    expect(await read()).toEqual([{ text: 'stays', live: false, reply_posts: 0 }])
    const post = restoration(2, { version: 3 })
    if (post.event.payload?.$case === 'postRestored')
      post.event.payload.value.post!.replyToPostId = 1n
    await materialise(post)
    expect(await read()).toEqual([{ text: 'stays', live: true, reply_posts: 1 }])
  })

  it('lets an engagement in, and out again', async () => {
    await materialise(
      engagement(1, 5, { actionIndex: LIKE, version: 1 }),
      engagement(2, 5, { actionIndex: LIKE, version: 1 }),
      engagement(2, 5, { actionIndex: 4, dwellMs: 900n, version: 1 }),
      engagement(1, 5, { actionIndex: LIKE, active: false, version: 2 }),
    )
    const counts = () => rows(sql`select likes from post_counts where post_id = 5`)
    expect(await counts()).toEqual([{ likes: 1 }])
    // Late: what it says was taken back by a newer one.
    await materialise(engagement(1, 5, { actionIndex: LIKE, atMs: NOW_MS - 5, version: 1 }))
    expect(await counts()).toEqual([{ likes: 1 }])
    expect(
      await rows(sql`select viewer_id, action_index, dwell_ms from engagements order by 2`),
    ).toEqual([
      { viewer_id: '2', action_index: 0, dwell_ms: null },
      { viewer_id: '2', action_index: 4, dwell_ms: 900 },
    ])
  })

  it('writes relations of every kind to an account, and takes them away', async () => {
    await sql`
      insert into users (id, handle, display_name, bio, created_at_ms, is_protected, state,
        is_adult, sensitive_opt_in, sells_subscriptions)
      values (9, 'nine', 'Nine', '', 1, false, 'active', true, false, false)`.execute(
      database.kysely,
    )
    const kinds = ['follow', 'block', 'mute', 'mute_reposts', 'subscribe']
    const tables = ['follows', 'blocks', 'mutes', 'muted_reposts', 'subscriptions']
    const sizes = async () =>
      Promise.all(
        tables.map(async (table) => (await rows(sql`select 1 from ${sql.table(table)}`)).length),
      )
    await materialise(...kinds.map((kind) => relation(1, 9, { kind })), relation(2, 9))
    expect(await sizes()).toEqual([2, 1, 1, 1, 1])
    expect(await rows(sql`select followers_count from users`)).toEqual([{ followers_count: 2 }])
    await materialise(...kinds.map((kind) => relation(1, 9, { kind, active: false, version: 2 })))
    expect(await sizes()).toEqual([1, 0, 0, 0, 0])
    expect(await rows(sql`select followers_count from users`)).toEqual([{ followers_count: 1 }])
  })

  it('follows topics and mutes keywords by name, and lets go of them', async () => {
    const topic = { kind: 'follow_topic', targetId: 0n, targetName: 'jazz' }
    const words = { kind: 'muted_keyword', targetId: 0n, targetName: 'the election' }
    const read = async () => [
      ...(await rows(sql`select user_id, name from followed_topics f
        join topics t on t.id = f.topic_id`)),
      ...(await rows(sql`select phrase, match, surfaces, expires_at_ms from muted_keywords
        order by match`)),
    ]
    const all = ['body', 'quoted', 'author_handle', 'alt_text', 'link']
    await materialise(
      relation(1, 0, topic),
      relation(1, 0, words),
      relation(1, 0, { ...words, match: 'phrase', surfaces: ['link', 'body'], expiresAtMs: 9n }),
    )
    const phrase = { phrase: 'the election', match: 'phrase' }
    expect(await read()).toEqual([
      { user_id: '1', name: 'jazz' },
      { ...phrase, surfaces: ['body', 'link'], expires_at_ms: '9' },
      { ...phrase, match: 'word', surfaces: all, expires_at_ms: null },
    ])
    await materialise(
      relation(1, 0, { ...topic, active: false, version: 2 }),
      relation(1, 0, { ...words, active: false, version: 2 }),
      relation(1, 0, { ...words, match: 'phrase', expiresAtMs: 8n, version: 2 }),
      relation(1, 0, { ...topic, version: 1 }),
    )
    expect(await read()).toEqual([{ ...phrase, surfaces: all, expires_at_ms: '8' }])
  })

  it('comes to the same with every event twice and the older version later', async () => {
    const records = [
      creation(1, { content: content('one') }),
      creation(1, { content: content('edited') }, { version: 2 }),
      creation(2, { content: content('two'), quotedPostId: 1n }),
      deletion(2, { version: 2 }),
      engagement(1, 1, { actionIndex: LIKE }),
      engagement(1, 1, { actionIndex: LIKE, active: false, version: 2 }),
      engagement(3, 1, { actionIndex: LIKE }),
      relation(1, 2),
      relation(1, 2, { active: false, version: 2 }),
      relation(1, 3),
      relation(1, 0, { kind: 'follow_topic', targetName: 'jazz' }),
      relation(1, 0, { kind: 'muted_keyword', targetName: 'election' }),
    ]
    const stats = await materialise(...records)
    expect(stats).toMatchObject({ applied: 12, ignored: 0, rejected: {}, failures: 0 })
    const hash = await tablesHash(database)
    const again = await materialise(...records, ...records.toReversed())
    expect(again).toMatchObject({ applied: 0, ignored: 24 })
    // Other events that say what was said before: their versions are too old.
    const late = await materialise(
      creation(1, { content: content('stale') }),
      relation(1, 2, { version: 1 }),
      engagement(1, 1, { actionIndex: LIKE, atMs: NOW_MS - 9, version: 1 }),
    )
    expect(late).toMatchObject({ applied: 0, ignored: 3 })
    expect(await tablesHash(database)).toBe(hash)
  })

  it('buries what the tables cannot take, and writes the rest', async () => {
    const poison = { topic: 'posts', key: 'k', value: Uint8Array.of(0xff), occurredAtMs: NOW_MS }
    await log.publish([{ ...poison, topic: 'posts' }])
    const stats = await materialise(
      creation(1, { authorId: 0n }),
      creation(2, { content: content('with a \0') }),
      creation(3, { content: content('fine', { language: 'x\0' }) }),
      creation(4, { content: content('fine') }),
      relation(1, 1),
      relation(1, 2, { kind: 'muted_keyword', targetName: ' ' }),
      relation(1, 2, { kind: 'muted_keyword', targetName: 'x', match: 'regex' }),
      relation(1, 2, { kind: 'muted_keyword', targetName: 'x', surfaces: ['bio'] }),
      relation(1, 2, { kind: 'poke' }),
      { ...relation(1, 2), topic: 'engagements' },
      engagement(1, 4, { actionIndex: 40 }),
      engagement(1, 4),
    )
    expect(stats.rejected).toEqual({
      undecodable: 1,
      'impossible_field author_id': 1,
      'impossible_field text': 1,
      'refused_by_database 22021': 1,
      'impossible_field target_id': 1,
      'impossible_field target_name': 1,
      'impossible_field match': 1,
      'impossible_field surfaces': 1,
      unsupported_relation: 1,
      unexpected_kind: 1,
      'impossible_field action_index': 1,
    })
    expect(stats.applied).toBe(2)
    expect(await rows(sql`select id from posts`)).toEqual([{ id: '4' }])
    expect(await readDeadLetters(log)).toHaveLength(11)
  })
})
