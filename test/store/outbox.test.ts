import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { OutboxRow } from '../../src/events/outbox-reader.ts'
import { Event } from '../../src/gen/events.ts'
import type { Database } from '../../src/store/database.ts'
import {
  createOutboxReader,
  OUTBOX_KEPT_MS,
  purgeOutbox,
  writeOutbox,
} from '../../src/store/outbox.ts'
import { postDeletedRecord } from '../../src/store/post-events.ts'
import {
  describeEngines,
  describeWithPostgres,
  openTestDatabase,
  type TestDatabase,
} from '../postgres.ts'
import { emptyTables, HOUR_MS, importLines, NOW_MS, SOCIETY } from './import-fixture.ts'

function deletion(id: number, occurredAtMs: number = NOW_MS) {
  return postDeletedRecord({ id: String(id), authorId: '7', deletedAtMs: occurredAtMs }, NOW_MS)
}

function payloadOf({ event }: OutboxRow) {
  return Event.decode(event).payload
}

function postIdOf(row: OutboxRow): bigint | undefined {
  const payload = payloadOf(row)
  if (payload?.$case === 'postDeleted') return payload.value.postId
  return payload?.$case === 'postCreated' || payload?.$case === 'postRestored'
    ? payload.value.post?.postId
    : undefined
}

describeEngines('the outbox', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  afterEach(() => emptyTables(database))
  afterAll(() => opened.close())

  it('is empty at first', async () => {
    const reader = createOutboxReader(database)
    expect(await reader.read(0n, 10)).toEqual([])
    expect(await reader.endPosition()).toBe(0n)
    expect(await reader.positionSince(0)).toBe(0n)
  })

  it('gives rows in order, in pages, whole and once', async () => {
    const reader = createOutboxReader(database)
    await writeOutbox(
      database.kysely,
      [1, 2, 3].map((id) => deletion(id)),
      NOW_MS,
    )
    await writeOutbox(database.kysely, [deletion(4)], NOW_MS)
    const read: OutboxRow[] = []
    for (let after = 0n; ; after = read.at(-1)?.position ?? after) {
      const page = await reader.read(after, 3)
      if (page.length === 0) break
      read.push(...page)
    }
    expect(read.map(postIdOf)).toEqual([1n, 2n, 3n, 4n])
    expect(read[0]).toMatchObject({ topic: 'posts', key: '7' })
    expect(read.map(payloadOf)[0]).toEqual(deletion(1).event.payload)
    expect(await reader.endPosition()).toBe(read.at(-1)?.position)
  })

  it('starts at the first event of a time', async () => {
    const reader = createOutboxReader(database)
    await writeOutbox(database.kysely, [deletion(1, 100), deletion(2, 300)], NOW_MS)
    await writeOutbox(database.kysely, [deletion(3, 200)], NOW_MS)
    const since = async (sinceMs: number) =>
      (await reader.read(await reader.positionSince(sinceMs), 10)).map(postIdOf)
    expect(await since(0)).toEqual([1n, 2n, 3n])
    expect(await since(250)).toEqual([2n, 3n])
    expect(await since(301)).toEqual([])
  })

  it('writes nothing when the transaction fails', async () => {
    const failing = database.kysely.transaction().execute(async (transaction) => {
      await writeOutbox(transaction, [deletion(1)], NOW_MS)
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(await createOutboxReader(database).endPosition()).toBe(0n)
  })

  it('forgets rows 72 hours after they were written', async () => {
    await writeOutbox(database.kysely, [deletion(1)], NOW_MS - OUTBOX_KEPT_MS - 1)
    await writeOutbox(database.kysely, [deletion(2)], NOW_MS - OUTBOX_KEPT_MS)
    expect(await purgeOutbox(database, NOW_MS)).toBe(1)
    expect((await createOutboxReader(database).read(0n, 10)).map(postIdOf)).toEqual([2n])
  })

  it('holds the recent posts of an import, with all that Thunder and the index need', async () => {
    await importLines(database, SOCIETY)
    const rows = await createOutboxReader(database).read(0n, 100)
    expect(rows.map((row) => [row.key, payloadOf(row)?.$case, postIdOf(row)])).toEqual([
      ['2', 'postCreated', 9_007_199_254_740_993n],
      ['3', 'postCreated', 13n],
      ['5', 'postCreated', 14n],
      ['2', 'postCreated', 15n],
      ['2', 'postDeleted', 16n],
      ['5', 'postCreated', 17n],
    ])
    const created = rows.flatMap((row) => {
      const payload = payloadOf(row)
      return payload?.$case === 'postCreated' ? [payload.value.post] : []
    })
    expect(created[0]).toMatchObject({
      mediaKinds: [1, 2],
      videoDurationMs: 9000n,
      recommendable: true,
      createdAtMs: BigInt(NOW_MS - HOUR_MS),
    })
    // A reply whose target's author the file did not name, by a protected account.
    expect(created[1]).toMatchObject({ replyToUserId: 2n, recommendable: false })
    expect(created[2]).toMatchObject({ repostOfUserId: 2n, recommendable: true })
  })

  it('hears of a post that goes, comes back, and not of one that stays', async () => {
    const post = { id: 20, author_id: 2, created_at: NOW_MS - HOUR_MS, text: 'here' }
    const cases = async () =>
      (await createOutboxReader(database).read(0n, 10)).map((row) => payloadOf(row)?.$case)
    await importLines(database, { posts: [post] })
    await importLines(database, { posts: [{ ...post, text: 'still here' }] })
    expect(await cases()).toEqual(['postCreated'])
    await importLines(database, { posts: [{ ...post, deleted_at: NOW_MS }] })
    await importLines(database, { posts: [{ ...post, text: 'back' }] })
    expect(await cases()).toEqual(['postCreated', 'postDeleted', 'postRestored'])
    const { rows } = await sql`select * from posts where text = 'back'`.execute(database.kysely)
    expect(rows).toHaveLength(1)
  })
})

// PGlite has one session: while a transaction is open nobody else can write or read.
describeWithPostgres('the outbox beside an open transaction', () => {
  it('shows no row that an open one may precede', async () => {
    const opened = await openTestDatabase('postgres')
    onTestFinished(() => opened.close())
    const { database } = opened
    const reader = createOutboxReader(database)
    let commit = (): void => {}
    const mayCommit = new Promise<void>((resolve) => (commit = resolve))
    let wrote = (): void => {}
    const written = new Promise<void>((resolve) => (wrote = resolve))
    const older = database.kysely.transaction().execute(async (transaction) => {
      await writeOutbox(transaction, [deletion(1)], NOW_MS)
      wrote()
      await mayCommit
    })
    await written
    await writeOutbox(database.kysely, [deletion(2)], NOW_MS)
    expect(await reader.read(0n, 10)).toEqual([])
    commit()
    await older
    expect((await reader.read(0n, 10)).map(postIdOf)).toEqual([1n, 2n])
  })
})
