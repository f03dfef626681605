import type { Transaction } from 'kysely'
import type { Tables } from '../tables.ts'
import type { RowReader } from './row-reader.ts'

/** One usable line on its way into the tables. */
export interface ImportRow<T> {
  /** From 1, as an editor counts. */
  readonly line: number
  /** As the file has it, for the rejects. */
  readonly text: string
  readonly value: T
}

export interface Reject {
  readonly line: number
  readonly reason: string
  readonly text: string
}

export interface WriteContext {
  readonly transaction: Transaction<Tables>
  readonly nowMs: number
}

/** What one kind of import file holds and how its rows enter the tables. */
export interface ImportKind<T> {
  /** The file's name without extension. */
  readonly name: string
  readonly columns: readonly string[]
  /** Rows of one statement and one transaction; default 5,000. */
  readonly batchRows?: number
  /**
   * Null = a line that is right but not kept (an impression that is too old), counted as skipped.
   *
   * @throws BadColumnError
   */
  read(row: RowReader, nowMs: number): T | null
  /**
   * Writes one batch; writing the same rows again changes nothing. Returns the rows that only the
   * tables could refuse (a handle that somebody else has).
   */
  write(rows: readonly ImportRow<T>[], context: WriteContext): Promise<readonly Reject[]>
}
