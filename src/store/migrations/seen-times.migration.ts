import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  // Of those that are there it is not known: they may hold anything up to their last writing.
  `alter table seen_generations
    add column first_at_ms bigint not null default 0,
    add column last_at_ms bigint`,
  'update seen_generations set last_at_ms = written_at_ms',
  `alter table seen_generations
    alter column first_at_ms drop default,
    alter column last_at_ms set not null`,
]

/** Of which time a viewer's filters know what was seen. */
export const seenTimesMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
