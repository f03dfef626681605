import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeTrainingLog } from '../../../src/store/training-log/describe-training-log.ts'
import { exportTrainingLog } from '../../../src/store/training-log/export-training-log.ts'
import { importTrainingLog } from '../../../src/store/training-log/import-training-log.ts'
import { ACTION_COLUMNS, metadataOf } from '../../../src/store/training-log/log-columns.ts'
import { HOUR_MS } from '../../../src/store/training-log/log-hour.ts'
import { PartFile, writeDurably } from '../../../src/store/training-log/part-file.ts'
import {
  action,
  filesOf,
  HOUR_START_MS,
  impression,
  readParquet,
  rowsOf,
} from './training-log-fixtures.ts'
import { FINAL_AFTER_MS, TrainingLogWorld } from './training-log-world.ts'

const LIKE = 0
const AT = HOUR_START_MS + 60_000
const NEXT = AT + HOUR_MS

let world: TrainingLogWorld
let out: string
let elsewhere: string

beforeAll(async () => {
  world = await TrainingLogWorld.open('pglite')
})
beforeEach(async () => {
  await world.begin()
  out = `${world.directory}-out`
  elsewhere = `${world.directory}-elsewhere`
  // The first hour is final, the next is open.
  await world.logAll(
    impression({ atMs: AT }),
    impression({ atMs: NEXT, requestId: 'r2' }),
    action(LIKE, { atMs: NEXT + 1, requestId: 'r2' }),
  )
})
afterEach(async () => {
  await world.end()
  for (const directory of [out, elsewhere]) await rm(directory, { recursive: true, force: true })
})
afterAll(() => world.close())

it('exports final hours, and open ones with the outcomes so far when asked', async () => {
  const { directory, database } = world
  expect(await exportTrainingLog({ directory, out, open: null })).toEqual({
    files: 1,
    impressions: 1,
    actions: 0,
    openImpressions: 0,
    openActions: 0,
  })
  expect(rowsOf(out, 'impressions')).toEqual(rowsOf(directory, 'impressions'))
  const withOpen = await exportTrainingLog({ directory, out, open: database })
  expect(withOpen).toMatchObject({ impressions: 1, openImpressions: 1, openActions: 1 })
  expect(filesOf(out, 'impressions')).toEqual([
    ...filesOf(directory, 'impressions'),
    'hour=2026-11-26T03/open-0000.parquet',
  ])
  expect(rowsOf(out, 'impressions')).toMatchObject([
    { request_id: 'r1', favorite: 0 },
    { request_id: 'r2', favorite: 1 },
  ])
  const open = join(out, 'impressions', 'hour=2026-11-26T03', 'open-0000.parquet')
  expect(readParquet(open).metadata).toMatchObject({ 'homefeed.training_log.final': 'false' })
})

it('exports the hours of a range', async () => {
  const { directory, database } = world
  const ask = (sinceMs: number, untilMs: number) =>
    exportTrainingLog({ directory, out, sinceMs, untilMs, open: database })
  expect(await ask(AT, NEXT - 60_000)).toMatchObject({ files: 1, openImpressions: 0 })
  expect(await ask(NEXT, NEXT + 1)).toMatchObject({ files: 0, openImpressions: 1 })
})

it('refuses to export into the log itself', async () => {
  const { directory } = world
  for (const wrong of [directory, join(directory, 'copy'), dirname(directory)]) {
    await expect(exportTrainingLog({ directory, out: wrong, open: null })).rejects.toThrow(
      `${wrong} is the log, holds it or lies in it: give another folder.`,
    )
  }
})

it('imports an export once, without what was open, beside what is there', async () => {
  await exportTrainingLog({ directory: world.directory, out, open: world.database })
  expect(await importTrainingLog(out, elsewhere)).toEqual({ added: 1, known: 0, open: 2, rows: 1 })
  expect(await importTrainingLog(out, elsewhere)).toEqual({ added: 0, known: 1, open: 2, rows: 0 })
  expect(rowsOf(elsewhere, 'impressions')).toEqual(rowsOf(world.directory, 'impressions'))
  expect(await describeTrainingLog(elsewhere)).toEqual({
    files: 1,
    hours: 1,
    impressions: 1,
    actions: 0,
    fromMs: HOUR_START_MS,
    untilMs: HOUR_START_MS + HOUR_MS,
  })
})

it('imports nothing when one file is of another schema, torn, misplaced or changed', async () => {
  world.nowMs = HOUR_START_MS + FINAL_AFTER_MS
  await exportTrainingLog({ directory: world.directory, out, open: null })
  const folder = join(out, 'impressions', 'hour=2026-11-26T02')
  const [name = ''] = await readdir(folder)
  const spare = join(elsewhere, 'spare')
  await cp(join(folder, name), spare)
  const target = join(elsewhere, 'log')
  const refused = async (message: string) => {
    await expect(importTrainingLog(out, target)).rejects.toThrow(message)
    expect(filesOf(target, 'impressions')).toEqual([])
  }

  const bad = join(folder, 'part-ffffffff-0000.parquet')
  const other = new PartFile({ kind: 'impressions', columns: ACTION_COLUMNS, isFinal: true })
  await other.save(bad)
  await refused(`${bad} lacks the column shown_post_id.`)

  const bytes = await readFile(spare)
  const key = metadataOf('impressions', true)[0]?.key ?? ''
  const at = bytes.indexOf(key) + key.length
  // The value's one character, after its field header and length.
  const versioned = Buffer.from(bytes)
  versioned[versioned.indexOf('1', at)] = '2'.charCodeAt(0)
  await writeDurably(bad, versioned)
  await refused(`${bad} has schema version 2, and this release reads version 1`)

  await writeDurably(bad, bytes.subarray(0, bytes.length - 9))
  await refused(`${bad} is no Parquet file, or a torn one`)

  const misplaced = join(out, 'actions', 'hour=2026-11-26T02', 'part-ffffffff-0000.parquet')
  await writeDurably(misplaced, bytes)
  await rm(bad)
  await refused(`${misplaced} holds impressions, not actions`)
  await rm(misplaced)

  await rename(spare, bad)
  await importTrainingLog(out, target)
  await writeDurably(bad, Buffer.from(bytes.toString('latin1').replace('r1', 'r9'), 'latin1'))
  await expect(importTrainingLog(out, target)).rejects.toThrow('differs from the file of that name')
})

it('says what is no log', async () => {
  await expect(importTrainingLog(out, elsewhere)).rejects.toThrow(`${out} holds no training log`)
  expect(await describeTrainingLog(elsewhere)).toMatchObject({ files: 0, fromMs: null })
})
