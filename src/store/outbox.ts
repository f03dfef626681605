import { sql, type Kysely } from 'kysely'
import { encodeRecord } from '../events/encode-record.ts'
import type { LogRecord, Topic } from '../events/event-log.ts'
import type { OutboxReader, OutboxWriter } from '../events/outbox-reader.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** How long a row stays, counted from its writing: longer than any reader replays (48 h). */
export const OUTBOX_KEPT_MS = 72 * 3_600_000

/** (transaction, id) in one number: ids alone are given out before their transactions commit. */
const ID_BITS = 64n

function toPosition(row: { readonly transaction_id: string; readonly id: string }): bigint {
  return (BigInt(row.transaction_id) << ID_BITS) | BigInt(row.id)
}

interface StoredRow {
  readonly transaction_id: string
  readonly id: string
  readonly topic: Topic
  readonly key: string
  readonly event: Buffer
  readonly occurred_at_ms: string
}

const IS_SETTLED = sql.raw('transaction_id < pg_snapshot_xmin(pg_current_snapshot())')

/** The reader that feeds the event log. Each call is one statement. */
export function createOutboxReader({ kysely }: Pick<Database, 'kysely'>): OutboxReader {
  return {
    async read(after, limit) {
      const transactionId = String(after >> ID_BITS)
      const id = String(BigInt.asUintN(64, after))
      const { rows } = await sql<StoredRow>`
        select transaction_id::text as transaction_id, id, topic, key, event, occurred_at_ms
        from outbox
        where (transaction_id, id) > (${transactionId}::text::xid8, ${id}::bigint)
          and ${IS_SETTLED}
        order by outbox.transaction_id, outbox.id
        limit ${limit}`.execute(kysely)
      return rows.map((row) => ({
        position: toPosition(row),
        topic: row.topic,
        key: row.key,
        event: row.event,
        occurredAtMs: Number(row.occurred_at_ms),
      }))
    },
    async endPosition() {
      const { rows } = await sql<StoredRow>`
        select transaction_id::text as transaction_id, id from outbox where ${IS_SETTLED}
        order by outbox.transaction_id desc, outbox.id desc
        limit 1`.execute(kysely)
      return rows[0] === undefined ? 0n : toPosition(rows[0])
    },
    async positionSince(sinceMs) {
      const { rows } = await sql<StoredRow>`
        select transaction_id::text as transaction_id, id from outbox
        where ${IS_SETTLED} and occurred_at_ms >= ${sinceMs}
        order by outbox.transaction_id, outbox.id
        limit 1`.execute(kysely)
      return rows[0] === undefined ? this.endPosition() : toPosition(rows[0]) - 1n
    },
    async countAfter(after) {
      const transactionId = String(after >> ID_BITS)
      const id = String(BigInt.asUintN(64, after))
      const { rows } = await sql<{ readonly count: string }>`
        select count(*)::text as count from outbox
        where (transaction_id, id) > (${transactionId}::text::xid8, ${id}::bigint)
          and ${IS_SETTLED}`.execute(kysely)
      return Number(rows[0]?.count ?? 0)
    },
  }
}

/** Writes events that stand alone, such as dead letters; each call is one transaction. */
export function createOutboxWriter(database: Database, nowMs: () => number): OutboxWriter {
  return { write: (records) => writeOutbox(database.kysely, records, nowMs()) }
}

/**
 * Writes events in the caller's transaction, so that they exist exactly when its rows do. Pass the
 * transaction, not the database, unless the events stand alone.
 */
export async function writeOutbox(
  transaction: Kysely<Tables>,
  records: readonly LogRecord[],
  nowMs: number,
): Promise<void> {
  if (records.length === 0) return
  const encoded = records.map(encodeRecord)
  await sql`
    insert into outbox (topic, key, event, occurred_at_ms, written_at_ms)
    select written.topic, written.key, decode(written.event, 'base64'), written.occurred_at_ms,
      ${nowMs}::bigint
    from unnest(
      ${encoded.map((record) => record.topic)}::text[],
      ${encoded.map((record) => record.key)}::text[],
      ${encoded.map(({ value }) => Buffer.from(value).toString('base64'))}::text[],
      ${encoded.map((record) => String(record.occurredAtMs))}::bigint[]
    ) with ordinality as written (topic, key, event, occurred_at_ms, place)
    order by written.place`.execute(transaction)
}

/**
 * Deletes rows written more than `OUTBOX_KEPT_MS` ago; returns how many. With a relay, only those
 * that it has published, however old the others are.
 */
export async function purgeOutbox(
  database: Database,
  nowMs: number,
  publishedUpTo: bigint | null = null,
): Promise<number> {
  const upTo = publishedUpTo ?? (1n << (ID_BITS * 2n)) - 1n
  const transactionId = String(upTo >> ID_BITS)
  const id = String(upTo & ((1n << (ID_BITS - 1n)) - 1n))
  const { numAffectedRows = 0n } = await sql`
    delete from outbox where written_at_ms < ${nowMs - OUTBOX_KEPT_MS}::bigint
      and (transaction_id, id) <= (${transactionId}::text::xid8, ${id}::bigint)`.execute(
    database.kysely,
  )
  return Number(numAffectedRows)
}
