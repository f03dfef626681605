import { sql } from 'kysely'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createLoaders } from '../../src/store/create-loaders.ts'
import type { Database } from '../../src/store/database.ts'
import { exportDirectory } from '../../src/store/export/export-directory.ts'
import { formatReport } from '../../src/store/import/format-report.ts'
import { importDirectory } from '../../src/store/import/import-directory.ts'
import { trustPostId } from '../../src/ids.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'
import {
  emptyTables,
  importLines,
  NOW_MS,
  readStore,
  SOCIETY,
  temporaryDirectory,
  writeLines,
} from './import-fixture.ts'

function readRejects(directory: string, kind: string): { line: number; reason: string }[] {
  const path = join(directory, 'rejected', `${kind}.jsonl`)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
}

describeEngines('importDirectory', (engine) => {
  let opened: TestDatabase
  let database: Database

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    database = opened.database
  })
  afterEach(() => emptyTables(database))
  afterAll(() => opened.close())

  const run = (directory: string, options: { failFast?: boolean; dryRun?: boolean } = {}) =>
    importDirectory({
      database: options.dryRun === true ? null : database,
      directory,
      nowMs: NOW_MS,
      failFast: options.failFast ?? false,
    })

  const countUsers = async () => {
    const { rows } = await sql`select id from users`.execute(database.kysely)
    return rows.length
  }

  it('gives an equal store after export and import', async () => {
    await importLines(database, SOCIETY)
    const before = await readStore(database)
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([])
    const directory = temporaryDirectory()
    const files = await exportDirectory({ database, directory })
    expect(files.map((file) => file.rows)).toEqual([5, 4, 9, 7, 3, 1, 4, 2])
    await expect(exportDirectory({ database, directory })).rejects.toThrow(
      'already holds engagements.jsonl.gz: give an empty folder',
    )
    await emptyTables(database)
    const report = await run(directory)
    expect(report).toMatchObject({ hasRejects: false, dangling: [] })
    expect(await readStore(database)).toEqual(before)
  })

  it('changes nothing the second time', async () => {
    const directory = temporaryDirectory()
    writeLines(directory, SOCIETY)
    await run(directory)
    const before = await readStore(database)
    const report = await run(directory)
    expect(report.files.every((file) => file.alreadyImported)).toBe(true)
    expect(await readStore(database)).toEqual(before)
  })

  it('counts a like once, though the same lines come in another file', async () => {
    await importLines(database, SOCIETY)
    const engagements = [
      ...(SOCIETY['engagements'] ?? []),
      { viewer_id: 5, post_id: '9007199254740993', action: 'like', at: NOW_MS, dwell_ms: 1 },
    ]
    await importLines(database, { engagements })
    const counts = createLoaders(database, NOW_MS).engagementCounts
    expect((await counts.load(trustPostId('9007199254740993'))).likes).toBe(2)
  })

  it('sets bad lines aside with line, reason and text, and goes on', async () => {
    const directory = temporaryDirectory()
    writeFileSync(
      join(directory, 'users.jsonl'),
      [
        '{"id":1,"handle":"ada"}',
        'nonsense',
        '',
        '[1]',
        '{"id":"0","handle":"zero"}',
        '{"id":9007199254740993,"handle":"rounded"}',
        '{"id":2}',
        '{"id":3,"handle":"ADA"}',
        '{"id":4,"handle":"dora","state":"sleepy"}',
        '{"id":5,"handle":"emil","created_at":"yesterday","shoe_size":43}',
        '{"id":6,"handle":"fatima"}',
      ].join('\n'),
    )
    const report = await run(directory)
    expect(report.files[0]).toMatchObject({
      accepted: 2,
      rejected: 8,
      unknownColumns: ['shoe_size'],
    })
    expect(await countUsers()).toBe(2)
    const rejects = readRejects(directory, 'users')
    expect(rejects.map(({ line }) => line)).toEqual([2, 4, 5, 6, 7, 8, 9, 10])
    const reasons = rejects.map(({ reason }) => reason)
    expect(reasons[0]).toMatch(/^the line is not JSON: /)
    expect(reasons.slice(1)).toEqual([
      'the line is not a JSON object',
      'id is 0: give a whole number, 1 to 2^63 - 1',
      'id is a number beyond 2^53, so its last digits are lost: write it as a string',
      'handle is missing: it is required',
      'handle "ADA" belongs to user 1: handles are unique',
      'state is sleepy: give one of active, suspended, deactivated',
      'created_at is yesterday: give ISO 8601 (2026-11-24T09:30:00Z) or milliseconds since 1970',
    ])
    expect(rejects[1]).toMatchObject({ text: '[1]' })
    expect(formatReport(report).join('\n')).toContain('ignored unknown columns shoe_size')
  })

  it('stops at the first bad line when asked to', async () => {
    const directory = temporaryDirectory()
    writeLines(directory, { users: [{ id: 1, handle: 'ada' }, { id: 2 }, { id: 3, handle: 'c' }] })
    const report = await run(directory, { failFast: true })
    expect(report).toMatchObject({ hasRejects: true, files: [{ rejected: 1 }] })
    expect(report.files[0]?.stoppedAt).toMatchObject({ line: 2 })
    expect(formatReport(report).at(-1)).toContain(
      'users.jsonl:2: handle is missing: it is required. Stopped there.',
    )
    expect(await countUsers()).toBe(0)
  })

  it('only checks in a dry run', async () => {
    const directory = temporaryDirectory()
    writeLines(directory, { users: [{ id: 1, handle: 'ada' }, { id: 2 }] })
    const report = await run(directory, { dryRun: true })
    expect(report.files[0]).toMatchObject({ accepted: 1, rejected: 1 })
    expect(await countUsers()).toBe(0)
  })

  it('reads CSV, gzipped, with lists as JSON or separated by |', async () => {
    const directory = temporaryDirectory()
    const csv = [
      'id,author_id,created_at,text,topics,media,sensitive',
      '1,7,2026-11-24T09:30:00Z,"two',
      'lines, one ""quote""",jazz|vinyl,"[{""kind"":""image"",""url"":""/a.svg""}]",true',
      '2,7,x,bad time,,,',
      '3,7,1790000000000,too,many,columns,here,and,there',
      '4,7,1790000000000,last,"[""jazz""]",,',
    ].join('\n')
    writeFileSync(join(directory, 'posts.csv.gz'), gzipSync(csv))
    const report = await run(directory)
    expect(report.files[0]).toMatchObject({ accepted: 2, rejected: 2 })
    const rejects = readRejects(directory, 'posts')
    expect(rejects.map(({ line }) => line)).toEqual([4, 5])
    const loaders = createLoaders(database, NOW_MS)
    expect(await loaders.posts.load(trustPostId('1'))).toMatchObject({
      text: 'two\nlines, one "quote"',
      sensitive: true,
      createdAtMs: Date.parse('2026-11-24T09:30:00Z'),
    })
    expect(await loaders.media.load(trustPostId('1'))).toHaveLength(1)
    const { rows } = await sql`
      select t.name, count(*)::integer as posts from post_topics join topics t on t.id = topic_id
      group by t.name order by t.name`.execute(database.kysely)
    expect(rows).toEqual([
      { name: 'jazz', posts: 2 },
      { name: 'vinyl', posts: 1 },
    ])
  })

  it('reports what stays dangling, but no post whose author an engagement names', async () => {
    const at = NOW_MS - 1_000
    const report = await importLines(database, {
      follows: [{ follower_id: 1, followee_id: 2 }],
      posts: [{ id: 10, author_id: 1, created_at: at, reply_to_post_id: 9 }],
      users: [{ id: 1, handle: 'ada' }],
      engagements: [
        { viewer_id: 1, post_id: 7, action: 'click', at },
        { viewer_id: 1, post_id: 8, action: 'click', at, post_author_id: 3 },
        { viewer_id: 1, post_id: 10, action: 'click', at },
      ],
    })
    expect(report.hasRejects).toBe(false)
    expect(report.dangling).toEqual([
      { column: 'follows.followee_id', target: 'users', rows: 1, examples: ['2'] },
      { column: 'posts.reply_to_post_id', target: 'posts', rows: 1, examples: ['9'] },
      { column: 'engagements.post_id', target: 'posts', rows: 1, examples: ['7'] },
    ])
    const { rows } = await sql`
      select post_id, post_author_id from engagements order by post_id`.execute(database.kysely)
    expect(rows).toEqual([
      { post_id: '7', post_author_id: null },
      { post_id: '8', post_author_id: '3' },
      { post_id: '10', post_author_id: '1' },
    ])
  })

  it('continues where a run was cut off, and sets each bad line aside once', async () => {
    const directory = temporaryDirectory()
    const lines = Array.from({ length: 12_000 }, (_, index) =>
      index % 4_000 === 1_000 ? 'bad' : `{"id":${index + 1},"handle":"user${index + 1}"}`,
    )
    const path = join(directory, 'users.jsonl')
    writeFileSync(path, lines.join('\n'))
    // A constraint that the third batch breaks stands for the power cut.
    await sql`alter table users add constraint cut check (id <> 11500)`.execute(database.kysely)
    await expect(run(directory)).rejects.toThrow('cut')
    expect(await countUsers()).toBe(9_997)
    await sql`alter table users drop constraint cut`.execute(database.kysely)
    const report = await run(directory)
    expect(report.files[0]).toMatchObject({ lines: 12_000, accepted: 11_997, rejected: 3 })
    expect(await countUsers()).toBe(11_997)
    expect(readRejects(directory, 'users').map(({ line }) => line)).toEqual([1_001, 5_001, 9_001])
  })

  it('says in a sentence what is wrong with a folder or a file', async () => {
    const directory = temporaryDirectory()
    await expect(run(join(directory, 'absent'))).rejects.toThrow('absent is not a folder')
    await expect(run(directory)).rejects.toThrow('holds nothing to import: name files users')
    const whole = gzipSync(`{"id":1,"handle":"ada"}\n`.repeat(1_000))
    writeFileSync(join(directory, 'users.jsonl.gz'), whole.subarray(0, whole.length - 20))
    await expect(run(directory)).rejects.toThrow(/users\.jsonl\.gz cannot be read to its end \(/)
    writeFileSync(join(directory, 'users.csv'), 'id,handle\n')
    await expect(run(directory)).rejects.toThrow('users.jsonl.gz and users.csv: keep one of them')
  })
})
