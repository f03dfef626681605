import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { trustTopicId } from '../../src/ids.ts'
import { addTopics, createTopicStore } from '../../src/store/topic-store.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000
const OPTIONS = {
  windowMs: 48 * HOUR_MS,
  postsMax: 3,
  setsMax: 2,
  postsKeptMs: 1_000,
  topicsKeptMs: 5_000,
}

interface Written {
  readonly id: number
  readonly topics: readonly number[]
  readonly hoursAgo?: number
  readonly parent?: number
  readonly original?: number
  readonly deleted?: true
}

const POSTS: readonly Written[] = [
  { id: 1, topics: [1] },
  { id: 2, topics: [1, 2], hoursAgo: 1 },
  { id: 3, topics: [2], hoursAgo: 48 },
  { id: 4, topics: [1], hoursAgo: 49 },
  { id: 5, topics: [1], parent: 1 },
  { id: 6, topics: [1], original: 1 },
  { id: 7, topics: [1], deleted: true },
  { id: 8, topics: [3] },
  { id: 9, topics: [] },
]

describeEngines('the store of topics', (engine) => {
  let opened: TestDatabase
  const ids = (...topics: number[]) => topics.map(trustTopicId)

  async function write({ id, topics, hoursAgo = 0, ...more }: Written): Promise<void> {
    const { kysely } = opened.database
    await sql`
      insert into posts (id, author_id, created_at_ms, text, reply_to_post_id, repost_of_post_id,
        subscribers_only, sensitive, deleted_at_ms)
      values (${id}, 7, ${NOW_MS - hoursAgo * HOUR_MS}, 'x', ${more.parent ?? null},
        ${more.original ?? null}, false, false, ${more.deleted ? NOW_MS : null})`.execute(kysely)
    for (const topic of topics) {
      await sql`insert into post_topics (post_id, topic_id) values (${id}, ${topic})`.execute(
        kysely,
      )
    }
  }

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    for (const name of ['jazz', 'cooking', 'Trains']) {
      await sql`insert into topics (name) values (${name})`.execute(opened.database.kysely)
    }
    for (const post of POSTS) await write(post)
  })
  afterAll(() => opened.close())

  it.each<[number[], string[]]>([
    [[1], ['1', '2']],
    [[2], ['2', '3']],
    [
      [1, 2],
      ['1', '2', '3'],
    ],
    [
      [1, 2, 3],
      ['8', '1', '2'],
    ],
    [[99], []],
    [[], []],
  ])('names recent originals about %j, newest first', async (topics, expected) => {
    const store = createTopicStore(opened.database, OPTIONS)
    expect(await store.recentPostIds(ids(...topics), NOW_MS)).toEqual(expected)
  })

  it('reads the posts of a set once for all who ask soon, in whatever order', async () => {
    const { database } = opened
    const store = createTopicStore(database, OPTIONS)
    const before = database.statementCount()
    await Promise.all([
      store.recentPostIds(ids(1, 2), NOW_MS),
      store.recentPostIds(ids(2, 1), NOW_MS),
    ])
    await store.recentPostIds(ids(1, 2), NOW_MS + 999)
    expect(database.statementCount() - before).toBe(1)
    await store.recentPostIds(ids(1, 2), NOW_MS + 1_000)
    expect(database.statementCount() - before).toBe(2)
  })

  it('reads the topics once for all who ask soon, and sees a new one later', async () => {
    const store = createTopicStore(opened.database, OPTIONS)
    const first = await store.topics(NOW_MS)
    expect(first).toEqual([
      { id: '1', name: 'jazz' },
      { id: '2', name: 'cooking' },
      { id: '3', name: 'Trains' },
    ])
    await addTopics(opened.database, (names) => [...names, 'food', 'jazz'])
    await addTopics(opened.database, () => ['food'])
    expect(await store.topics(NOW_MS + 4_999)).toBe(first)
    expect(await store.topics(NOW_MS + 5_000)).toEqual([...first, { id: '4', name: 'food' }])
  })

  it('answers with the last topics while the table is away, posts not', async () => {
    const store = createTopicStore(opened.database, OPTIONS)
    const known = await store.topics(NOW_MS)
    await sql`drop table post_topics, topics`.execute(opened.database.kysely)
    expect(await store.topics(NOW_MS + 5_000)).toEqual(known)
    await expect(store.recentPostIds(ids(1), NOW_MS)).rejects.toThrow('post_topics')
    const fresh = createTopicStore(opened.database, OPTIONS)
    await expect(fresh.topics(NOW_MS)).rejects.toThrow('topics')
  })
})
