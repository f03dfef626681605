import { sql, type Transaction } from 'kysely'
import type { Tables } from '../tables.ts'

/** Makes the topics that do not exist yet. */
export async function ensureTopics(
  transaction: Transaction<Tables>,
  names: readonly string[],
): Promise<void> {
  // Not by `on conflict` alone, which would use up an id for each known name.
  await sql`
    insert into topics (name)
    select distinct given.name from unnest(${[...new Set(names)]}::text[]) as given (name)
    where not exists (select from topics where topics.name = given.name)
    order by given.name
    on conflict do nothing`.execute(transaction)
}
