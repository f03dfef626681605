import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createEvent, type EventPayload } from '../../../src/events/event-codec.ts'
import type { EventRecord, Topic } from '../../../src/events/event-log.ts'
import { Engaged, Impressed } from '../../../src/gen/events.ts'
import type { LogKind } from '../../../src/store/training-log/log-columns.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
export const PYTHON = process.env['HOMEFEED_PYTHON'] ?? join(ROOT, '.homefeed/python/bin/python')

/** 02:00 of a day in UTC, so that the hour of a file is known. */
export const HOUR_START_MS = Date.parse('2026-11-26T02:00:00Z')

function record(topic: Topic, payload: EventPayload, atMs: number): EventRecord {
  return { topic, key: '7', event: createEvent(payload, atMs, 0n) }
}

export function impression(more: Partial<Impressed> & { readonly atMs: number }): EventRecord {
  const { atMs, ...rest } = more
  const value = Impressed.fromPartial({ viewerId: 7n, postId: 50n, requestId: 'r1', ...rest })
  return record('impressions', { $case: 'impressed', value }, atMs)
}

export function action(
  index: number,
  more: Partial<Engaged> & { readonly atMs: number },
): EventRecord {
  const { atMs, ...rest } = more
  const value = Engaged.fromPartial({
    viewerId: 7n,
    postId: 50n,
    postAuthorId: 9n,
    actionIndex: index,
    active: true,
    ...rest,
  })
  return record('engagements', { $case: 'engaged', value }, atMs)
}

/** Every Parquet file of one data set, `hour=…/part-….parquet`. */
export function filesOf(directory: string, kind: LogKind): readonly string[] {
  const folder = join(directory, kind)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted()
    .flatMap((hour) =>
      readdirSync(join(folder, hour))
        .toSorted()
        .map((name) => `${hour}/${name}`),
    )
}

export type ReadRow = Readonly<Record<string, string | number | boolean | null>>

export interface ReadFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly types: Readonly<Record<string, string>>
  readonly rows: readonly ReadRow[]
}

const READ = `
import json, sys
import pyarrow.parquet as parquet
table = parquet.read_table(sys.argv[1], partitioning=None)
metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
types = {field.name: str(field.type) for field in table.schema}
for at, field in enumerate(table.schema):
    if str(field.type).startswith("timestamp"):
        table = table.set_column(at, field.name, table.column(at).cast("int64"))
rows = table.to_pylist()
for row in rows:
    for name in ("viewer_id", "post_id", "author_id", "shown_post_id"):
        if row.get(name) is not None:
            row[name] = str(row[name])
print(json.dumps({"metadata": metadata, "types": types, "rows": rows}))
`

/** A file as pyarrow reads it: ids as text, times as ms. */
export function readParquet(path: string): ReadFile {
  return JSON.parse(execFileSync(PYTHON, ['-c', READ, path], { encoding: 'utf8' })) as ReadFile
}

/** All rows of one data set, in the order of files. */
export function rowsOf(directory: string, kind: LogKind): readonly ReadRow[] {
  return filesOf(directory, kind).flatMap((file) => readParquet(join(directory, kind, file)).rows)
}
