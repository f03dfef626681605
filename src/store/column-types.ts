import type { ColumnType } from 'kysely'

/** A bigint, read as a decimal string. */
export type Id = string
/** A bigint of milliseconds since 1970, read as a string. */
export type Ms = ColumnType<string, number, number>
export type NullableMs = ColumnType<string | null, number | null, number | null>
