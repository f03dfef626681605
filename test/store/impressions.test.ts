import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { readDeadLetters } from '../../src/events/dead-letters.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import type { Database } from '../../src/store/database.ts'
import { impressionsPart } from '../../src/store/materialiser/impressions.part.ts'
import { Materialiser } from '../../src/store/materialiser/materialiser.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { createSeenTest } from '../../src/store/seen/seen-generation.ts'
import { SEEN_PARAMS } from '../../src/store/seen/seen.params.ts'
import { writeSeenGenerations } from '../../src/store/seen/write-seen-generations.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { emptyTables, NOW_MS, relation } from './materialiser-fixtures.ts'
import { impression } from './training-log/training-log-fixtures.ts'

const VIEWER = trustUserId('7')
const DAY_MS = 86_400_000

describeEngines('impressions', (engine) => {
  let opened: TestDatabase
  let database: Database
  let log: InProcessEventLog

  async function materialise(...records: readonly EventRecord[]) {
    await log.publish(records)
    const materialiser = new Materialiser({
      part: impressionsPart,
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
  const readSeen = () => createViewerStore(database).seen(VIEWER, NOW_MS - 7 * DAY_MS)
  const maySeen = async () => {
    const test = createSeenTest((await readSeen()).generations)
    return (id: number) => test(trustPostId(String(id)), 0)
  }

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  beforeEach(async () => {
    await emptyTables(database)
    await sql`truncate impressions, seen_generations`.execute(database.kysely)
    log = new InProcessEventLog({
      reader: createOutboxReader(database),
      writer: createOutboxWriter(database, () => NOW_MS),
      pollIntervalMs: 10,
      backoff: { firstMs: 1, longestMs: 4 },
    })
  })
  afterEach(() => log.close())
  afterAll(() => opened.close())

  it('marks what was shown as seen: a repost and what it shows', async () => {
    await sql`insert into posts
        (id, author_id, created_at_ms, text, repost_of_post_id, subscribers_only, sensitive)
      values (51, 8, 1, '', 41, false, false), (52, 9, 1, '', null, false, false)`.execute(
      database.kysely,
    )
    await materialise(
      impression({ atMs: NOW_MS - 3, postId: 50n, judgedPostId: 40n, judgedAuthorId: 6n }),
      impression({ atMs: NOW_MS - 2, postId: 51n, requestId: '' }),
      impression({ atMs: NOW_MS - 1, postId: 52n, dwellMs: 900n, position: 4, surface: 1 }),
      impression({ atMs: NOW_MS - 1, viewerId: 8n, postId: 53n }),
    )
    expect(
      await rows(sql`select post_id, original_post_id, post_author_id, position, surface, dwell_ms,
        request_id from impressions where viewer_id = 7 order by at_ms`),
    ).toEqual([
      { ...unknown, post_id: '50', original_post_id: '40', request_id: 'r1' },
      { ...unknown, post_id: '51', original_post_id: '41', post_author_id: '8' },
      {
        post_id: '52',
        original_post_id: null,
        post_author_id: '9',
        position: 4,
        surface: 'home',
        dwell_ms: 900,
        request_id: 'r1',
      },
    ])
    expect((await readSeen()).postIds).toEqual(['52', '51', '41', '50', '40'])
    const seen = await maySeen()
    expect([40, 41, 50, 51, 52].every(seen)).toBe(true)
    expect([42, 53].some(seen)).toBe(false)
  })

  it('takes every event once, and none that is older than what is kept', async () => {
    const once = impression({ atMs: NOW_MS - 5, postId: 60n })
    const late = impression({ atMs: NOW_MS - SEEN_PARAMS.impressionsKeptMs - 1, postId: 61n })
    expect(await materialise(once, once, late)).toMatchObject({ applied: 1, ignored: 2 })
    const before = await rows(sql`select * from seen_generations`)
    expect(await materialise(once)).toMatchObject({ applied: 0, ignored: 1, failures: 0 })
    expect(await rows(sql`select * from seen_generations`)).toEqual(before)
    expect((await readSeen()).postIds).toEqual(['60'])
    expect((await maySeen())(61)).toBe(false)
  })

  it('lets rows go after a week; the filter still knows them', async () => {
    await materialise(impression({ atMs: NOW_MS - DAY_MS, postId: 70n }))
    await sql`update impressions set at_ms = at_ms - ${7 * DAY_MS}::bigint`.execute(database.kysely)
    await materialise(impression({ atMs: NOW_MS, postId: 71n }))
    expect(await rows(sql`select post_id from impressions`)).toEqual([{ post_id: '71' }])
    expect((await readSeen()).postIds).toEqual(['71'])
    expect((await maySeen())(70)).toBe(true)
  })

  it('buries what cannot be, and writes the rest', async () => {
    const stats = await materialise(
      impression({ atMs: NOW_MS, postId: 0n }),
      impression({ atMs: NOW_MS + SEEN_PARAMS.clockSkewMs + 1 }),
      { ...relation(1, 2), topic: 'impressions' },
      impression({ atMs: NOW_MS, postId: 80n }),
    )
    expect(stats.rejected).toEqual({
      'impossible_field post_id': 1,
      in_the_future: 1,
      unexpected_kind: 1,
    })
    expect(stats.applied).toBe(1)
    expect(await readDeadLetters(log)).toHaveLength(3)
  })

  it('tells what was served and never reported', async () => {
    await sql`truncate served`.execute(database.kysely)
    const store = createViewerStore(database)
    const served = (postId: string, slatePosition: number) => ({
      postId: trustPostId(postId),
      originalPostId: trustPostId(postId),
      authorId: trustUserId('9'),
      createdAtMs: 1,
      requestId: 'r1',
      rankedAtMs: 1,
      slatePosition,
      source: 'retrieval' as const,
      propensity: 1,
      modelVersion: null,
      weightsVersion: 'w',
    })
    await store.recordServed({
      viewerId: VIEWER,
      servedAtMs: NOW_MS - 1_000,
      requestedAtMs: null,
      surface: 'home',
      posts: [served('90', 0), served('91', 1), served('92', 2)],
    })
    await materialise(
      impression({ atMs: NOW_MS, postId: 91n }),
      // Of an earlier page, and of another viewer.
      impression({ atMs: NOW_MS - 3_600_000, postId: 92n }),
      impression({ atMs: NOW_MS, viewerId: 8n, postId: 90n }),
    )
    expect(
      await rows(sql`select viewer_id, post_id, source from unreported_posts order by position`),
    ).toEqual([
      { viewer_id: '7', post_id: '90', source: 'retrieval' },
      { viewer_id: '7', post_id: '92', source: 'retrieval' },
    ])
  })

  it('rotates full generations, forgets the oldest and none of the others', async () => {
    const ids = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => ({
        viewerId: VIEWER,
        postId: String(from + index),
        atMs: NOW_MS,
      }))
    const write = (from: number, to: number) =>
      database.kysely
        .transaction()
        .execute((transaction) => writeSeenGenerations(transaction, ids(from, to), NOW_MS))
    // A claim by chance uses up nothing: somewhat more posts go in than the generations say.
    for (let from = 1; from <= 12_001; from += 1_000) await write(from, from + 1_000)
    const kept = await rows(sql`select generation, items from seen_generations order by 1`)
    expect(kept).toHaveLength(SEEN_PARAMS.generationsMax)
    expect(kept.slice(0, -1).every((row) => (row as { items: number }).items === 2_000)).toBe(true)
    const seen = await maySeen()
    const newest = 13_000
    const sure = (SEEN_PARAMS.generationsMax - 1) * SEEN_PARAMS.sizeCap
    for (let id = newest; id > newest - sure; id -= 1) expect(seen(id)).toBe(true)
    await write(newest - 100, newest)
    expect(await rows(sql`select generation, items from seen_generations order by 1`)).toEqual(kept)
  })
})

/** What the event and the tables do not say. */
const unknown = {
  post_author_id: null,
  position: 0,
  surface: null,
  dwell_ms: null,
  request_id: null,
}
