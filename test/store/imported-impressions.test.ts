import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import type { Database } from '../../src/store/database.ts'
import { createSeenTest } from '../../src/store/seen/seen-generation.ts'
import { SEEN_PARAMS } from '../../src/store/seen/seen.params.ts'
import { writeImpressions } from '../../src/store/seen/write-impressions.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { emptyTables, HOUR_MS, importLines, NOW_MS, SOCIETY } from './import-fixture.ts'

const VIEWER = trustUserId('1')
const DAY_MS = 24 * HOUR_MS
const { sizeCap, generationsMax } = SEEN_PARAMS

const seenAt = (postId: number, at: number) => ({ viewer_id: 1, post_id: postId, at })

/** One post a minute, oldest first, until eight days ago: longer than rows are kept. */
const history = (posts: number) =>
  Array.from({ length: posts }, (_, index) =>
    seenAt(100 + index, NOW_MS - 8 * DAY_MS - (posts - index) * 60_000),
  )

describeEngines('imported impressions', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  afterEach(() => emptyTables(database))
  afterAll(() => opened.close())

  const readSeen = () =>
    createViewerStore(database).seen(VIEWER, NOW_MS - SEEN_PARAMS.impressionsKeptMs)
  const maySeen = async () => {
    const test = createSeenTest((await readSeen()).generations)
    return (id: number) => test(trustPostId(String(id)), 0)
  }
  const generations = async () =>
    (
      await sql`select * from seen_generations order by viewer_id, generation`.execute(
        database.kysely,
      )
    ).rows
  const write = (postId: string, atMs: number) =>
    database.kysely
      .transaction()
      .execute((transaction) =>
        writeImpressions(transaction, [{ ...unknown, viewerId: VIEWER, postId, atMs }], NOW_MS),
      )

  it('count as seen like live ones: rows of a week, and filters for longer', async () => {
    const report = await importLines(database, {
      ...SOCIETY,
      impressions: [
        seenAt(15, NOW_MS - DAY_MS),
        seenAt(14, NOW_MS - 6 * DAY_MS),
        seenAt(12, NOW_MS - 8 * DAY_MS),
        seenAt(17, NOW_MS - 300 * DAY_MS),
        seenAt(13, NOW_MS - 366 * DAY_MS),
      ],
    })
    expect(report.files.at(-1)).toMatchObject({ accepted: 4, skipped: 1, rejected: 0 })
    // 14 is a repost.
    expect((await readSeen()).postIds).toEqual(['15', '9007199254740993', '14'])
    const { rows } = await sql`
      select post_id, original_post_id, post_author_id from impressions order by post_id`.execute(
      database.kysely,
    )
    expect(rows).toEqual([
      { post_id: '14', original_post_id: '9007199254740993', post_author_id: '5' },
      { post_id: '15', original_post_id: null, post_author_id: '2' },
    ])
    const seen = await maySeen()
    // 17 reposts 16.
    expect([15, 14, 12, 17, 16].filter((id) => !seen(id))).toEqual([])
    expect([13, 18].filter(seen)).toEqual([])
  })

  it('change nothing when they come again in another file', async () => {
    const lines = [...history(50), seenAt(15, NOW_MS - DAY_MS)]
    await importLines(database, { impressions: lines })
    const before = await generations()
    await importLines(database, { impressions: lines.toReversed() })
    expect(await generations()).toEqual(before)
    await importLines(database, { impressions: [...lines, seenAt(7, NOW_MS - 9 * DAY_MS)] })
    expect((await maySeen())(7)).toBe(true)
    expect(await generations()).toMatchObject([{ items: 52 }])
  })

  it.each(['oldest', 'newest'])('keep the newest of a long history, %s first', async (order) => {
    const lines = history(12_000)
    const newest = lines.map((line) => line.post_id).slice(-(generationsMax - 1) * sizeCap)
    await importLines(database, { impressions: order === 'oldest' ? lines : lines.toReversed() })
    const before = await generations()
    expect(before).toHaveLength(generationsMax)
    const seen = await maySeen()
    expect(newest.filter((id) => !seen(id))).toEqual([])
    // By chance one in twenty of those that had to go.
    expect(lines.slice(0, 1_500).filter((line) => seen(line.post_id)).length).toBeLessThan(150)
    // Again, in another file: what had to go does not push out what stayed.
    await importLines(database, { impressions: [...lines, ...lines.slice(0, 1)] })
    expect(await generations()).toEqual(before)
    // The oldest makes room for what comes.
    await importLines(database, { impressions: [seenAt(99, NOW_MS)] })
    const after = await maySeen()
    expect([...newest.slice(sizeCap), 99].filter((id) => !after(id))).toEqual([])
    expect(await generations()).toHaveLength(generationsMax)
  })

  it('wait for another writer, and neither forgets what the other wrote', async () => {
    const lines = history(6_000)
    const ids = lines.map((line) => line.post_id)
    let isImporting = true
    const imported = importLines(database, { impressions: lines }).finally(() => {
      isImporting = false
    })
    for (let id = 50_000; isImporting; id += 1) {
      await write(String(id), NOW_MS)
      ids.push(id)
    }
    await imported
    const seen = await maySeen()
    expect(ids.filter((id) => !seen(id))).toEqual([])
  })
})

const unknown = {
  postAuthorId: null,
  position: null,
  surface: null,
  source: null,
  propensity: null,
  requestId: null,
  outcomes: null,
  dwellMs: null,
  originalPostId: null,
}
