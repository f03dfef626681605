import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { trustPostId } from '../../src/ids.ts'
import { countViews } from '../../src/store/count-views.ts'
import { createLoaders } from '../../src/store/create-loaders.ts'
import type { Database } from '../../src/store/database.ts'
import { postViewsMigration } from '../../src/store/migrations/post-views.migration.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { emptyTables, HOUR_MS, importLines, NOW_MS } from './import-fixture.ts'

/** 11 is written by 2; 12 is 3's repost of it. */
const WORLD = {
  users: [1, 2, 3].map((id) => ({ id, handle: `user${id}` })),
  posts: [
    { id: 11, author_id: 2, created_at: NOW_MS - HOUR_MS, text: 'a post' },
    { id: 12, author_id: 3, created_at: NOW_MS - HOUR_MS, repost_of_post_id: 11 },
  ],
}
const seen = (viewer: number, post: number, agoMs: number) => ({
  viewer_id: viewer,
  post_id: post,
  at: NOW_MS - agoMs,
})

describeEngines('views', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  beforeEach(() => emptyTables(database))
  afterAll(() => opened.close())

  const viewsOf = async (id: number) => {
    const { engagementCounts } = createLoaders(database, NOW_MS)
    return (await engagementCounts.load(trustPostId(String(id)))).views
  }

  it('counts each impression once, however often it is imported', async () => {
    const impressions = [seen(1, 11, 5_000), seen(1, 11, 4_000), seen(3, 11, 5_000)]
    await importLines(database, { ...WORLD, impressions })
    expect(await viewsOf(11)).toBe(3)
    await importLines(database, { impressions: [...impressions, seen(3, 11, 1_000)] })
    expect(await viewsOf(11)).toBe(4)
  })

  it("counts a repost's for its original, and those of a post that is not there yet", async () => {
    await importLines(database, { ...WORLD, impressions: [seen(1, 12, 5_000), seen(1, 99, 5_000)] })
    expect([await viewsOf(11), await viewsOf(12), await viewsOf(99)]).toEqual([1, 0, 1])
  })

  it('adds what it is given, nothing for nothing', async () => {
    await importLines(database, WORLD)
    await countViews(database.kysely, ['11', '12', '11'])
    await countViews(database.kysely, [])
    expect(await viewsOf(11)).toBe(3)
  })

  it('counts what an older database has', async () => {
    await importLines(database, { ...WORLD, impressions: [seen(1, 12, 5_000), seen(3, 11, 4_000)] })
    await sql`alter table post_counts drop column views`.execute(database.kysely)
    await postViewsMigration.up(database.kysely)
    expect(await viewsOf(11)).toBe(2)
  })
})
