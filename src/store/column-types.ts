import type { ColumnType } from 'kysely'

/** Columns of the conventions that `tables.ts` states. */
export type Id = string
export type Ms = ColumnType<string, number, number>
export type NullableMs = ColumnType<string | null, number | null, number | null>
