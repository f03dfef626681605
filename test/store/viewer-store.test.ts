import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { createLoaders } from '../../src/store/create-loaders.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import type { Database } from '../../src/store/database.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import { HOUR_MS, importLines, NOW_MS, SOCIETY } from './import-fixture.ts'

const ADA = trustUserId('1')
const RECORD = trustPostId('9007199254740993')

describeEngines('the viewer store', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  afterAll(() => opened.close())

  // A test and no hook: it cleans up its files when it is done. `reading.test.ts` looks at it.
  it('takes the society in', async () => {
    expect((await importLines(database, SOCIETY)).dangling).toEqual([])
  })

  describe('createViewerStore', () => {
    it('lists follows, newest first, undated ones last', async () => {
      expect(await createViewerStore(database).followedIds(ADA)).toEqual(['3', '2', '5'])
    })

    it('reads all relations in one statement', async () => {
      const before = database.statementCount()
      const relations = await createViewerStore(database).relations(ADA, NOW_MS)
      expect(database.statementCount() - before).toBe(1)
      expect([...relations.blockedIds]).toEqual(['4'])
      expect([...relations.blockedByIds]).toEqual(['2'])
      expect([...relations.mutedIds]).toEqual(['3'])
      expect([...relations.mutedRepostIds]).toEqual(['5'])
      expect([...relations.subscribedIds]).toEqual(['5'])
      const followed = await createLoaders(database, NOW_MS).topics.loadMany([
        ...relations.followedTopicIds,
      ])
      expect(followed).toMatchObject([{ name: 'jazz' }])
      expect(relations.account).toMatchObject({ id: '1', createdAtMs: 0 })
      const all = ['body', 'quoted', 'author_handle', 'alt_text', 'link']
      expect(relations.mutedKeywords).toMatchObject([
        { phrase: 'election', match: 'word', surfaces: all, expiresAtMs: null },
        { phrase: 'the final', surfaces: ['body', 'quoted'], expiresAtMs: NOW_MS + HOUR_MS },
      ])
    })

    it('has empty relations and no account for an unknown viewer', async () => {
      const relations = await createViewerStore(database).relations(trustUserId('404'), NOW_MS)
      expect(relations.account).toBeNull()
      expect(relations.blockedIds.size + relations.mutedKeywords.length).toBe(0)
    })

    it('merges bursts into the action sequence, oldest first', async () => {
      const store = createViewerStore(database)
      const sequence = await store.actionSequence(ADA, 10)
      expect(sequence).toEqual([
        {
          postId: RECORD,
          authorId: '2',
          actionIndexes: [0, 10],
          dwellSeconds: 4.5,
          surface: 0,
          actedAtMs: NOW_MS - 10 * 6e4,
          postCreatedAtMs: NOW_MS - HOUR_MS,
        },
        {
          postId: '99',
          authorId: '77',
          actionIndexes: [1],
          dwellSeconds: 0,
          surface: 0,
          actedAtMs: NOW_MS - 5e3,
          postCreatedAtMs: 0,
        },
      ])
      expect((await store.actionSequence(ADA, 1)).map((action) => action.postId)).toEqual(['99'])
      expect(await store.actionSequence(trustUserId('404'), 10)).toEqual([])
    })

    it('reads what was seen, newest first', async () => {
      const store = createViewerStore(database)
      const seen = await store.seen(ADA, NOW_MS - 48 * HOUR_MS)
      expect(seen).toMatchObject({ postIds: ['15', '12'], generations: [{ sizeCap: 2_000 }] })
      expect(await store.seen(ADA, NOW_MS - HOUR_MS)).toMatchObject({ postIds: ['15'] })
    })

    it('keeps what was served, once, newest page first', async () => {
      const store = createViewerStore(database)
      const page = (requestId: string, servedAtMs: number, ids: readonly [string, string][]) => ({
        viewerId: ADA,
        servedAtMs,
        requestedAtMs: requestId === 'c' ? servedAtMs : null,
        surface: 'home' as const,
        posts: ids.map(([postId, originalPostId], slatePosition) => ({
          postId: trustPostId(postId),
          originalPostId: trustPostId(originalPostId),
          authorId: trustUserId(originalPostId === '13' ? '3' : '2'),
          createdAtMs: 1,
          requestId,
          rankedAtMs: servedAtMs,
          slatePosition,
          source: 'in_network' as const,
          propensity: 1,
          modelVersion: null,
          weightsVersion: 'w',
        })),
      })
      await store.recordServed(page('a', NOW_MS - 100 * HOUR_MS, [['1', '1']]))
      await store.recordServed(
        page('b', NOW_MS - 2_000, [
          ['14', RECORD],
          ['15', '15'],
        ]),
      )
      const last = page('c', NOW_MS - 1_000, [['13', '13']])
      await store.recordServed(last)
      await store.recordServed(last)
      await store.recordServed(page('d', NOW_MS, []))
      const served = await store.servedPostIds(ADA, NOW_MS - 10 * 60_000, 100)
      expect(served).toEqual(['13', '14', RECORD, '15'])
      expect(await store.servedPostIds(ADA, NOW_MS - 10 * 60_000, 2)).toEqual(['13', '14'])
      expect(await store.servedPostIds(ADA, 0, 100)).toEqual(served)
      const range = {
        postsSinceMs: NOW_MS - 10 * 60_000,
        postIdsMax: 100,
        authorsSinceMs: NOW_MS - 10 * 60_000,
        authorRowsMax: 100,
      }
      const history = await store.servedHistory(ADA, range)
      expect(history).toEqual({
        postIds: served,
        authors: [
          { authorId: '3', servedAtMs: NOW_MS - 1_000 },
          { authorId: '2', servedAtMs: NOW_MS - 2_000 },
          { authorId: '2', servedAtMs: NOW_MS - 2_000 },
        ],
        requestTimesMs: [NOW_MS - 1_000],
      })
      const short = { ...range, postsSinceMs: NOW_MS - 1_000, authorRowsMax: 1 }
      expect(await store.servedHistory(ADA, short)).toMatchObject({
        postIds: ['13'],
        authors: history.authors.slice(0, 1),
      })
    })

    it('remembers the last ten visits, with posts or without, once each', async () => {
      const store = createViewerStore(database)
      const viewerId = trustUserId('4')
      const visit = (requestedAtMs: number) =>
        store.recordServed({
          viewerId,
          servedAtMs: requestedAtMs,
          requestedAtMs,
          surface: 'home',
          posts: [],
        })
      // The sixth comes late.
      for (const minute of [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 12, 6]) await visit(minute * 60_000)
      const nothing = { postsSinceMs: 0, postIdsMax: 1, authorsSinceMs: 0, authorRowsMax: 1 }
      const { requestTimesMs } = await store.servedHistory(viewerId, nothing)
      const minutes = requestTimesMs.map((atMs) => atMs / 60_000)
      expect(minutes).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
    })
  })
})
