import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS: readonly string[] = [
  `create table exposures (
    request_id text not null,
    experiment text not null,
    arm text not null,
    viewer_id bigint not null,
    exposed_at_ms bigint not null,
    primary key (request_id, experiment)
  )`,
  'create index exposures_viewer on exposures (viewer_id, exposed_at_ms)',
  'create index exposures_arm on exposures (experiment, arm, exposed_at_ms)',
]

/** Which arm of an experiment each ranking was made with. */
export const exposuresMigration: Migration = {
  async up(database: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
  },
}
