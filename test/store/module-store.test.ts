import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { trustUserId } from '../../src/ids.ts'
import { createModuleStore } from '../../src/store/create-module-store.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import type { SuggestionAsk } from '../../src/store/module-store.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'

const NOW_MS = 1_800_000_000_000
const DAY_MS = 86_400_000
const VIEWER = trustUserId('1')
const ASK: SuggestionAsk = {
  viewerId: VIEWER,
  nowMs: NOW_MS,
  windowMs: 28 * DAY_MS,
  excludedIds: [],
  accountsMax: 10,
  followsMax: 10,
  followsPerFollowMax: 10,
  likedAuthorsMax: 3,
  followersPerAuthorMax: 10,
  viewerActionsMax: 20,
  actionsPerFollowerMax: 20,
  connectionsMin: 2,
}

describeEngines('modules in the store', (engine) => {
  let opened: TestDatabase
  const run = (statement: ReturnType<typeof sql>) => statement.execute(opened.database.kysely)
  const suggest = async (more: Partial<SuggestionAsk> = {}) =>
    (await createModuleStore(opened.database).suggestedAccounts({ ...ASK, ...more })).map(
      ({ account, friendCount, peerCount }) => `${account.id}: ${friendCount} + ${peerCount}`,
    )

  async function follow(follower: number, followees: readonly number[]): Promise<void> {
    for (const [index, followee] of followees.entries()) {
      // The first of the list is the newest.
      await run(sql`insert into follows values (${follower}, ${followee}, ${NOW_MS - index})`)
    }
  }

  async function like(viewer: number, authors: readonly number[], atMs = NOW_MS): Promise<void> {
    for (const [index, author] of authors.entries()) {
      await run(sql`
        insert into engagements (viewer_id, post_id, action_index, at_ms, post_author_id)
        values (${viewer}, ${author * 100 + index}, 0, ${atMs - index}, ${author})`)
    }
  }

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    for (let id = 1; id <= 40; id += 1) {
      await run(sql`insert into users (id, handle, display_name, bio, created_at_ms, is_protected,
          state, is_adult, sensitive_opt_in, sells_subscriptions)
        values (${id}, ${`u${id}`}, 'U', '', 1, false, 'active', false, false, false)`)
    }
  })
  afterAll(() => opened.close())

  beforeEach(async () => {
    for (const table of ['follows', 'engagements', 'blocks', 'mutes', 'served_modules']) {
      await run(sql`delete from ${sql.table(table)}`)
    }
    await run(sql`update users set state = 'active', is_protected = false, is_adult = false`)
  })

  it('suggests whom those follow whom the viewer follows, by their number', async () => {
    await follow(1, [2, 3, 4])
    await follow(2, [20, 21, 22, 1, 3])
    await follow(3, [20, 21])
    await follow(4, [20, 23])
    expect(await suggest()).toEqual(['20: 3 + 0', '21: 2 + 0'])
    expect(await suggest({ connectionsMin: 1 })).toEqual([
      '20: 3 + 0',
      '21: 2 + 0',
      '23: 1 + 0',
      '22: 1 + 0',
    ])
  })

  it('suggests whom the followers of liked authors like, each follower counted once', async () => {
    await like(1, [10, 10, 11])
    await follow(30, [10])
    await follow(31, [10, 11])
    await follow(32, [11])
    await like(30, [20, 20, 20, 21])
    await like(31, [20, 21, 31])
    await like(32, [21], NOW_MS - 29 * DAY_MS)
    // 10 and 11 are liked, not followed: they may come too, if their followers like them.
    expect(await suggest()).toEqual(['21: 0 + 2', '20: 0 + 2'])
    expect(await suggest({ likedAuthorsMax: 0 })).toEqual([])
  })

  it('adds both kinds of connection', async () => {
    await follow(1, [2])
    await follow(2, [20])
    await like(1, [10])
    await follow(30, [10])
    await like(30, [20])
    expect(await suggest()).toEqual(['20: 1 + 1'])
  })

  it.each([
    ['followed', sql`insert into follows values (1, 20, 1)`],
    ['blocked', sql`insert into blocks values (1, 20)`],
    ['blocking the viewer', sql`insert into blocks values (20, 1)`],
    ['muted', sql`insert into mutes values (1, 20)`],
    ['protected', sql`update users set is_protected = true where id = 20`],
    ['adult', sql`update users set is_adult = true where id = 20`],
    ['suspended', sql`update users set state = 'suspended' where id = 20`],
    ['closed', sql`update users set state = 'deactivated' where id = 20`],
  ])('never suggests who is %s', async (_what, change) => {
    await follow(1, [2, 3])
    await follow(2, [20, 21])
    await follow(3, [20, 21])
    await run(change)
    expect(await suggest()).toEqual(['21: 2 + 0'])
  })

  it('leaves out whom the caller names, and says whose labels there are', async () => {
    await follow(1, [2, 3])
    await follow(2, [20, 21])
    await follow(3, [20, 21])
    await run(sql`insert into visibility_labels values ('user', 21, 'spam', ${NOW_MS + 1}, null),
      ('user', 21, 'gore', ${NOW_MS}, null), ('post', 21, 'adult', null, null)`)
    const [first, ...others] = await createModuleStore(opened.database).suggestedAccounts({
      ...ASK,
      excludedIds: [trustUserId('20')],
    })
    expect(others).toEqual([])
    expect(first).toMatchObject({ account: { id: '21', handle: 'u21' }, labels: ['spam'] })
  })

  it('reads the newest follows only, of the viewer and of each followed account', async () => {
    await follow(1, [2, 3, 4])
    for (const followed of [2, 3, 4]) await follow(followed, [20, 21])
    expect(await suggest({ followsMax: 2, followsPerFollowMax: 1 })).toEqual(['20: 2 + 0'])
  })

  it('remembers modules: the newest of each, suggested accounts newest first', async () => {
    const store = createModuleStore(opened.database)
    const { recordServed } = createViewerStore(opened.database)
    expect(await store.moduleHistory(VIEWER)).toEqual({
      servedAtMs: new Map(),
      suggestedIds: [],
      followsNobody: true,
    })
    const record = { viewerId: VIEWER, requestedAtMs: null, surface: 'home', posts: [] } as const
    const suggestion = (...ids: string[]) => ({
      module: 'who-to-follow',
      userIds: ids.map(trustUserId),
    })
    const prompt = { module: 'prompt:welcome', userIds: [] }
    await recordServed({ ...record, servedAtMs: NOW_MS - 91 * DAY_MS, modules: [prompt] })
    await recordServed({ ...record, servedAtMs: 5, modules: [suggestion('7', '8')] })
    await recordServed({ ...record, servedAtMs: 6, modules: [suggestion('8', '9'), prompt] })
    await recordServed({ ...record, servedAtMs: 6, modules: [suggestion('10'), prompt] })
    await recordServed({ ...record, servedAtMs: 7 })
    await follow(1, [2])
    expect(await store.moduleHistory(VIEWER)).toEqual({
      servedAtMs: new Map([
        ['who-to-follow', 6],
        ['prompt:welcome', NOW_MS - 91 * DAY_MS],
      ]),
      suggestedIds: ['8', '9', '7', '8'],
      followsNobody: false,
    })
    await recordServed({ ...record, servedAtMs: NOW_MS, modules: [suggestion()] })
    const { servedAtMs } = await store.moduleHistory(VIEWER)
    expect([...servedAtMs]).toEqual([['who-to-follow', NOW_MS]])
  })
})
