import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { AuthorServed } from '../../src/store/author-served.ts'
import { createLoaders } from '../../src/store/create-loaders.ts'
import type { Database } from '../../src/store/database.ts'
import type { ServedPost, ServedSource } from '../../src/store/viewer-store.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'

const DAY_MS = 86_400_000
const NOW_MS = 20_000 * DAY_MS + 5

function servedOf(author: number, source: ServedSource): ServedPost {
  return {
    postId: trustPostId('1'),
    originalPostId: trustPostId('1'),
    authorId: trustUserId(String(author)),
    createdAtMs: 1,
    requestId: 'r',
    rankedAtMs: 1,
    slatePosition: 0,
    source,
    propensity: 1,
    modelVersion: null,
    weightsVersion: 'w',
  }
}

describeEngines('served authors', (engine) => {
  let opened: TestDatabase
  let database: Database
  const failures: unknown[] = []

  const open = (more: { readonly authorsMax?: number; readonly database?: Database } = {}) =>
    new AuthorServed({
      database,
      flushIntervalMs: 1_000_000,
      authorsMax: 10,
      daysKept: 30,
      nowMs: () => NOW_MS,
      onFailure: (error) => failures.push(error),
      ...more,
    })
  const ids = [10, 11, 12].map((id) => trustUserId(String(id)))
  /** Of each author the days, newest first. */
  const read = () => createLoaders(database, NOW_MS).authorServed.loadMany(ids)
  const TODAY = { startMs: NOW_MS - 5 }
  const YESTERDAY = { startMs: NOW_MS - 5 - DAY_MS }

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  beforeEach(async () => {
    failures.length = 0
    await sql`truncate author_served`.execute(database.kysely)
  })
  afterAll(() => opened.close())

  it('counts by author and day, in and out of network, and adds up over processes', async () => {
    const [one, other] = [open(), open()]
    const posts = [servedOf(10, 'in_network'), servedOf(10, 'retrieval'), servedOf(11, 'explored')]
    one.add({ servedAtMs: NOW_MS, posts })
    one.add({ servedAtMs: NOW_MS - DAY_MS, posts: [servedOf(10, 'in_network')] })
    other.add({ servedAtMs: NOW_MS, posts })
    const before = database.statementCount()
    await one.flush()
    await one.flush()
    expect(database.statementCount() - before).toBe(1)
    await Promise.all([one.close(), other.close()])
    expect(one.stats()).toEqual({
      served: { in_network: 2, retrieval: 1, explored: 1 },
      dropped: 0,
    })
    expect(await read()).toEqual([
      [
        { ...TODAY, served: 4, outOfNetwork: 2 },
        { ...YESTERDAY, served: 1, outOfNetwork: 0 },
      ],
      [{ ...TODAY, served: 2, outOfNetwork: 2 }],
      [],
    ])
  })

  it('keeps the counts of a write that failed, and forgets old days', async () => {
    const counter = open()
    counter.add({ servedAtMs: NOW_MS - 31 * DAY_MS, posts: [servedOf(10, 'retrieval')] })
    await counter.flush()
    await sql`alter table author_served rename to away`.execute(database.kysely)
    counter.add({ servedAtMs: NOW_MS, posts: [servedOf(11, 'retrieval')] })
    await counter.flush()
    expect(failures).toHaveLength(1)
    await sql`alter table away rename to author_served`.execute(database.kysely)
    counter.add({ servedAtMs: NOW_MS, posts: [servedOf(11, 'retrieval')] })
    await counter.close()
    expect(await read()).toEqual([[], [{ ...TODAY, served: 2, outOfNetwork: 2 }], []])
  })

  it('counts so many authors at once', async () => {
    const counter = open({ authorsMax: 2 })
    const posts = [10, 11, 12, 10].map((author) => servedOf(author, 'in_network'))
    counter.add({ servedAtMs: NOW_MS, posts })
    expect(counter.stats()).toMatchObject({ dropped: 1, served: { in_network: 4 } })
    await counter.close()
    const served = { ...TODAY, served: 1, outOfNetwork: 0 }
    expect(await read()).toEqual([[{ ...served, served: 2 }], [served], []])
  })
})
