import { sql } from 'kysely'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { HOUR_MS } from '../../../src/store/training-log/log-hour.ts'
import { describeEngines } from '../../postgres.ts'
import { waitFor } from '../../wait-for.ts'
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
const LATER = HOUR_START_MS + FINAL_AFTER_MS

describeEngines('the training log', (engine) => {
  let world: TrainingLogWorld

  beforeAll(async () => {
    world = await TrainingLogWorld.open(engine)
  })
  beforeEach(() => world.begin())
  afterEach(() => world.end())
  afterAll(() => world.close())

  it('holds every event once, however often and in whatever order it comes', async () => {
    const twice = impression({ atMs: AT, dwellMs: 10n })
    const again = impression({ atMs: AT + 5, dwellMs: 90n })
    const liked = action(LIKE, { atMs: AT + 6, requestId: 'r1' })
    await world.logAll(liked, again, twice, liked, twice, again)
    expect(world.impressions()).toMatchObject([{ impressed_at: AT, dwell_ms: 90, favorite: 1 }])
    expect(rowsOf(world.directory, 'actions')).toMatchObject([
      { viewer_id: '7', post_id: '50', action: 'favorite', is_active: true, acted_at: AT + 6 },
    ])
  })

  it('writes an hour again after a crash: nothing is lost, nothing doubled', async () => {
    const records = [impression({ atMs: AT }), action(LIKE, { atMs: AT + 1, requestId: 'r1' })]
    await world.logAll(...records)
    const files = filesOf(world.directory, 'impressions')
    const rows = world.impressions()
    // As if it had died between the file and the tables: all comes again, beside torn files.
    await world.forgetHours()
    await sql`delete from log_positions`.execute(world.database.kysely)
    const folder = join(world.directory, 'impressions', 'hour=2026-11-26T02')
    const part = files[0]?.split('/')[1] ?? ''
    await writeFile(join(folder, `.unfinished-${part}`), 'torn')
    await writeFile(join(folder, part.replace('-0000.', '-0001.')), 'of an earlier try')
    await writeFile(join(folder, 'part-00000000-0000.parquet'), 'of somebody else')
    world.nowMs = AT + HOUR_MS
    await world.logAll()
    expect(filesOf(world.directory, 'impressions')).toEqual([
      'hour=2026-11-26T02/part-00000000-0000.parquet',
      ...files,
    ])
    expect(readParquet(join(world.directory, 'impressions', files[0] ?? '')).rows).toEqual(rows)
  })

  it('leaves out what comes after its hour was written, and says how much', async () => {
    await world.logAll(impression({ atMs: AT }))
    const stats = await world.logAll(
      impression({ atMs: AT + 1, requestId: 'late' }),
      impression({ atMs: LATER + HOUR_MS, requestId: 'ahead of the clock' }),
      impression({ atMs: AT, viewerId: 0n }),
      impression({ atMs: AT, propensity: 2 }),
    )
    expect(world.impressions()).toHaveLength(1)
    expect(stats).toMatchObject({
      late: 1,
      rejected: {
        in_the_future: 1,
        'impossible_field viewer_id': 1,
        'impossible_field propensity': 1,
      },
    })
  })

  it('keeps taking events in while its files cannot be written', async () => {
    await rm(world.directory, { recursive: true })
    await writeFile(world.directory, 'a file where the folder should be')
    await world.log.publish([impression({ atMs: AT })])
    const consumer = world.consume()
    await consumer.caughtUp
    world.nowMs = LATER
    await waitFor(() => consumer.stats().failures > 0, { what: 'a failed write' })
    await world.log.publish([impression({ atMs: LATER, requestId: 'r9' })])
    await waitFor(async () => (await world.openRows()) === 2, { what: 'the next event' })
    await rm(world.directory)
    await waitFor(async () => (await world.openRows()) === 1, { what: 'the write to succeed' })
    expect(rowsOf(world.directory, 'impressions')).toHaveLength(1)
    expect(consumer.stats().isLeader).toBe(true)
  })
})
