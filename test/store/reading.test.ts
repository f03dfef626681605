import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trustPostId, trustTopicId, trustUserId } from '../../src/ids.ts'
import { createLoaders } from '../../src/store/create-loaders.ts'
import { PostFacts } from '../../src/store/post-facts.ts'
import type { Database } from '../../src/store/database.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { HOUR_MS, importLines, NOW_MS, SOCIETY } from './import-fixture.ts'

const ADA = trustUserId('1')
const RECORD = trustPostId('9007199254740993')

describeEngines('reading the store', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  afterAll(() => opened.close())

  it('takes the society in', async () => {
    const report = await importLines(database, SOCIETY)
    expect(report.files.map((file) => [file.kind, file.accepted, file.rejected])).toEqual([
      ['users', 5, 0],
      ['follows', 4, 0],
      ['relations', 9, 0],
      ['posts', 7, 0],
      ['labels', 3, 0],
      ['takedowns', 1, 0],
      ['engagements', 4, 0],
      ['impressions', 2, 0],
    ])
    expect(report.files.at(-1)?.skipped).toBe(1)
    expect(report.dangling).toEqual([])
  })

  describe('createLoaders', () => {
    it('loads posts, the text of a repost being its original text', async () => {
      const { posts } = createLoaders(database, NOW_MS)
      const ids = [RECORD, '14', '15', '12345'].map((id) => trustPostId(id))
      const [record, repost, quote, absent] = await posts.loadMany(ids)
      expect(record).toMatchObject({
        id: RECORD,
        authorId: '2',
        text: 'A "record"',
        sensitive: true,
        language: 'en',
        createdAtMs: NOW_MS - HOUR_MS,
        repostOfPostId: null,
      })
      expect(repost).toMatchObject({
        text: 'A "record"',
        language: 'en',
        repostOfPostId: RECORD,
        repostOfUserId: '2',
        authorId: '5',
      })
      expect(quote).toMatchObject({ quotedPostId: '13', quotedUserId: '3' })
      expect(absent).toBeNull()
    })

    it('fills in whom a reply answers when the file did not say', async () => {
      const reply = await createLoaders(database, NOW_MS).posts.load(trustPostId('13'))
      expect(reply).toMatchObject({ replyToPostId: RECORD, replyToUserId: '2' })
    })

    it('has no deleted post and no repost of one', async () => {
      const { posts } = createLoaders(database, NOW_MS)
      expect(await posts.loadMany(['16', '17'].map((id) => trustPostId(id)))).toEqual([null, null])
    })

    it('reads a post again only when it changed', async () => {
      let isTrusted = true
      const facts = new PostFacts({ now: () => NOW_MS, isTrusted: () => isTrusted })
      const read = async (ids: readonly string[]) => {
        const before = database.statementCount()
        const { posts } = createLoaders(database, NOW_MS, facts)
        const found = await posts.loadMany(ids.map((id) => trustPostId(id)))
        return { found, statements: database.statementCount() - before }
      }
      const first = await read([RECORD, '14'])
      expect(first.statements).toBe(1)
      expect(await read([RECORD, '14'])).toEqual({ found: first.found, statements: 0 })
      // 14 reposts the record and shows its text: it is no better known than the record is.
      facts.forget(RECORD)
      expect(await read(['14'])).toEqual({ found: [first.found[1]], statements: 1 })
      expect(await read(['13', '16'])).toMatchObject({ found: [{}, null], statements: 1 })
      expect(await read(['13', '16'])).toMatchObject({ found: [{}, null], statements: 1 })
      isTrusted = false
      expect(await read(['13'])).toMatchObject({ statements: 1 })
    })

    it('loads users by id and by handle in any case', async () => {
      const { users, usersByHandle } = createLoaders(database, NOW_MS)
      expect(await users.load(ADA)).toMatchObject({
        handle: 'Ada',
        displayName: 'Ada L.',
        country: 'gb',
        birthYear: 1980,
        followersCount: 0,
        isProtected: false,
        state: 'active',
      })
      expect((await usersByHandle.load('ada'))?.id).toBe('1')
      expect(await usersByHandle.load('nobody')).toBeNull()
      const bruno = await users.load(trustUserId('2'))
      expect(bruno?.createdAtMs).toBe(Date.parse('2020-05-01T08:00:00Z'))
      expect(bruno?.followersCount).toBe(2)
      expect((await users.load(trustUserId('3')))?.followersCount).toBe(700)
    })

    it('loads media in order, counts, and moderation that has not expired', async () => {
      const loaders = createLoaders(database, NOW_MS)
      expect(await loaders.media.load(RECORD)).toEqual([
        expect.objectContaining({ kind: 'image', altText: 'A \\ cover', durationMs: null }),
        expect.objectContaining({ kind: 'video', altText: null, durationMs: 9_000 }),
      ])
      expect(await loaders.media.load(trustPostId('13'))).toEqual([])
      expect(await loaders.engagementCounts.load(RECORD)).toEqual({
        likes: 2,
        replies: 1,
        reposts: 1,
        quotes: 0,
        views: 0,
      })
      expect(await loaders.engagementCounts.load(trustPostId('15'))).toEqual({
        likes: 0,
        replies: 0,
        reposts: 0,
        quotes: 0,
        views: 1,
      })
      expect(await loaders.postModeration.load(trustPostId('13'))).toEqual({
        labels: ['spam'],
        takedownCountries: ['de', 'xx'],
      })
      expect(await loaders.userLabels.load(trustUserId('4'))).toEqual(['adult'])
      const before = createLoaders(database, NOW_MS - HOUR_MS)
      const { labels } = await before.postModeration.load(trustPostId('13'))
      expect(labels).toEqual(['gore', 'spam'])
    })

    it('loads topics by id, and those of posts', async () => {
      const { topics, postTopics } = createLoaders(database, NOW_MS)
      const about = await postTopics.load(RECORD)
      const names = (await topics.loadMany(about)).map((each) =>
        each === null || each instanceof Error ? null : each.name,
      )
      expect(names).toEqual(expect.arrayContaining(['jazz', 'vinyl']))
      expect(about).toHaveLength(2)
      expect(await postTopics.load(trustPostId('13'))).toEqual([])
      expect(await topics.load(trustTopicId(999))).toBeNull()
    })

    it('keeps what posts are about until an event says that they changed', async () => {
      const facts = new PostFacts({ now: () => NOW_MS, isTrusted: () => true })
      const read = async () => {
        const before = database.statementCount()
        const about = await createLoaders(database, NOW_MS, facts).postTopics.load(RECORD)
        return [about.length, database.statementCount() - before]
      }
      expect(await read()).toEqual([2, 1])
      expect(await read()).toEqual([2, 0])
      facts.forget(RECORD)
      expect(await read()).toEqual([2, 1])
      expect(facts.stats().topics).toEqual({ hits: 1, misses: 2, entries: 0 })
    })

    it('sends one statement a kind, however many keys, and none for what it has', async () => {
      const loaders = createLoaders(database, NOW_MS)
      const ids = Array.from({ length: 1_500 }, (_, index) => trustPostId(String(index + 1)))
      const before = database.statementCount()
      await Promise.all([
        loaders.posts.loadMany(ids),
        loaders.media.loadMany(ids),
        loaders.engagementCounts.loadMany(ids),
        loaders.postModeration.loadMany(ids),
      ])
      await loaders.posts.load(trustPostId('700'))
      expect(database.statementCount() - before).toBe(4)
    })
  })
})
