import { sql, type RawBuilder } from 'kysely'

export interface UnnestColumn<T> {
  readonly name: string
  readonly type:
    'bigint' | 'integer' | 'smallint' | 'double precision' | 'boolean' | 'text' | 'jsonb' | 'bytea'
  readonly value: (row: T) => string | number | boolean | Uint8Array | null
}

const QUOTED: ReadonlySet<UnnestColumn<never>['type']> = new Set(['text', 'jsonb', 'bytea'])

/** Numbers and booleans need no quotes, so their array is written out here: half the time. */
function arrayOf<T>(column: UnnestColumn<T>, rows: readonly T[]): unknown {
  if (QUOTED.has(column.type)) return rows.map(column.value)
  return `{${rows.map((row) => column.value(row) ?? 'NULL').join(',')}}`
}

/**
 * `unnest(...) as given (names)`: all rows as one table of one statement, a parameter a column.
 */
export function unnest<T>(
  columns: readonly UnnestColumn<T>[],
  rows: readonly T[],
): RawBuilder<unknown> {
  const arrays = columns.map(
    (column) => sql`${arrayOf(column, rows)}::${sql.raw(`${column.type}[]`)}`,
  )
  const names = columns.map((column) => sql.ref(column.name))
  return sql`unnest(${sql.join(arrays)}) as given (${sql.join(names)})`
}

/** The columns' names as a list for `insert into ... (...)` or `select ...`. */
export function namesOf<T>(columns: readonly UnnestColumn<T>[]): RawBuilder<unknown> {
  return sql.join(columns.map((column) => sql.ref(column.name)))
}

/** `name = excluded.name` for every column but the keys, for `on conflict do update set`. */
export function excludedOf<T>(
  columns: readonly UnnestColumn<T>[],
  keys: readonly string[],
): RawBuilder<unknown> {
  return sql.join(
    columns
      .filter((column) => !keys.includes(column.name))
      .map(({ name }) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`),
  )
}

/** The last row of each key: one statement may touch a row once. */
export function lastOfEach<T>(rows: readonly T[], keyOf: (row: T) => string): readonly T[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()]
}
