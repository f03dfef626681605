import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { writeHour } from '../../../src/store/training-log/write-hour.ts'
import { filesOf, HOUR_START_MS, PYTHON } from './training-log-fixtures.ts'
import { TrainingLogWorld } from './training-log-world.ts'

const bounds = { rowsPerGroup: 50, groupsPerPart: 4 }
/** A part, a group and one row more: every bound is crossed. */
const ROWS = bounds.rowsPerGroup * (bounds.groupsPerPart + 1) + 1

const COUNT = `
import json, sys
import pyarrow.parquet as parquet
files = [parquet.ParquetFile(path) for path in sys.argv[1:]]
posts = [row for file in files for row in file.read(columns=["post_id"]).column(0).to_pylist()]
groups = [[file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
          for file in files]
print(json.dumps({"groups": groups, "inOrder": posts == list(range(1, len(posts) + 1))}))
`

let world: TrainingLogWorld
beforeAll(async () => {
  world = await TrainingLogWorld.open('pglite')
})
beforeEach(() => world.begin())
afterEach(() => world.end())
afterAll(() => world.close())

it('writes a large hour in pieces of bounded size, in the order of time', async () => {
  await sql`insert into training_impressions (impression_key, viewer_id, shown_post_id, post_id,
      position, at_ms)
    select 'key ' || n, n % 7 + 1, n, n, 0, ${HOUR_START_MS}::bigint + n
    from generate_series(1, ${ROWS}::integer) as n`.execute(world.database.kysely)
  const { directory } = world
  const hour = { directory, hourMs: HOUR_START_MS, prefix: 'part-test', isFinal: true, bounds }
  expect(await writeHour(world.database.kysely, hour)).toEqual({ impressions: ROWS, actions: 0 })
  const files = filesOf(world.directory, 'impressions')
  expect(files.map((file) => file.slice(-12))).toEqual(['0000.parquet', '0001.parquet'])
  const paths = files.map((file) => join(world.directory, 'impressions', file))
  const read = JSON.parse(execFileSync(PYTHON, ['-c', COUNT, ...paths], { encoding: 'utf8' }))
  expect(read).toEqual({
    groups: [
      [50, 50, 50, 50],
      [50, 1],
    ],
    inOrder: true,
  })
})
