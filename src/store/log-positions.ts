import { sql, type Kysely } from 'kysely'
import type { PartitionPosition } from '../events/event-log.ts'
import type { Tables } from './tables.ts'

/** Who remembers where it is, and in what. */
export interface PositionOwner {
  readonly reader: string
  readonly topic: string
}

/** Empty when the reader never wrote one. */
export async function readPositions(
  database: Kysely<Tables>,
  { reader, topic }: PositionOwner,
): Promise<readonly PartitionPosition[]> {
  const rows = await database
    .selectFrom('log_positions')
    .select(['partition', 'position'])
    .where('reader', '=', reader)
    .where('topic', '=', topic)
    .orderBy('partition')
    .execute()
  return rows.map(({ partition, position }) => ({ partition, offset: BigInt(position) }))
}

/** Pass a transaction, so that the position and what it stands for are written together. */
export async function writePositions(
  transaction: Kysely<Tables>,
  { reader, topic }: PositionOwner,
  positions: readonly PartitionPosition[],
): Promise<void> {
  for (const { partition, offset } of positions) {
    await sql`
      insert into log_positions (reader, topic, partition, position)
      values (${reader}, ${topic}, ${partition}, ${String(offset)}::numeric)
      on conflict (reader, topic, partition) do update set position = excluded.position
    `.execute(transaction)
  }
}
