import { sql, type Kysely } from 'kysely'
import { lastOfEach, unnest } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import type { Change } from './change.ts'

interface Known {
  readonly version: bigint
  readonly isActive: boolean
}

/** Those whose event no transaction has had before; from now on it has. */
async function claimEvents(
  transaction: Kysely<Tables>,
  changes: readonly Change[],
  nowMs: number,
): Promise<readonly Change[]> {
  const once = [...new Map(changes.map((change) => [change.eventId, change])).values()]
  const { rows } = await sql<{ readonly event_id: string }>`
    insert into processed_events (event_id, processed_at_ms)
    select given.event_id, ${nowMs}::bigint
    from unnest(${once.map(({ eventId }) => eventId)}::text[]) as given (event_id)
    on conflict do nothing returning event_id`.execute(transaction)
  const claimed = new Set(rows.map((row) => row.event_id))
  return once.filter(({ eventId }) => claimed.has(eventId))
}

async function readVersions(
  transaction: Kysely<Tables>,
  changes: readonly Change[],
): Promise<Map<string, Known>> {
  const { rows } = await sql<{
    readonly entity: string
    readonly version: string
    readonly is_active: boolean
  }>`
    select entity, version, is_active from entity_versions
    where entity = any(${[...new Set(changes.map(({ entity }) => entity))]}::text[])`.execute(
    transaction,
  )
  return new Map(
    rows.map((row) => [row.entity, { version: BigInt(row.version), isActive: row.is_active }]),
  )
}

async function writeVersions(
  transaction: Kysely<Tables>,
  changes: readonly Change[],
): Promise<void> {
  const newest = lastOfEach(changes, ({ entity }) => entity)
  if (newest.length === 0) return
  await sql`
    insert into entity_versions (entity, version, is_active)
    select given.entity, given.version, given.is_active
    from ${unnest<Change>(
      [
        { name: 'entity', type: 'text', value: ({ entity }) => entity },
        { name: 'version', type: 'bigint', value: ({ version }) => String(version) },
        { name: 'is_active', type: 'boolean', value: ({ body }) => body.isActive },
      ],
      newest,
    )}
    on conflict (entity) do update
    set version = excluded.version, is_active = excluded.is_active`.execute(transaction)
}

/** An engagement adds a row of its own: an older one only falls to a newer withdrawal. */
function isOvertaken({ version, body }: Change, known: Known | undefined): boolean {
  if (known === undefined || version === 0n || version >= known.version) return false
  return !(body.kind === 'engagement' && body.isActive && known.isActive)
}

/**
 * Of these changes, in their order, those that count: each event once, and no older version of an
 * entity after a newer one. Remembers both.
 */
export async function takeFreshChanges(
  transaction: Kysely<Tables>,
  changes: readonly Change[],
  nowMs: number,
): Promise<readonly Change[]> {
  const claimed = await claimEvents(transaction, changes, nowMs)
  const versions = await readVersions(transaction, claimed)
  const fresh: Change[] = []
  const newest: Change[] = []
  for (const change of claimed) {
    const known = versions.get(change.entity)
    if (isOvertaken(change, known)) continue
    fresh.push(change)
    if (change.version === 0n || change.version < (known?.version ?? 0n)) continue
    versions.set(change.entity, { version: change.version, isActive: change.body.isActive })
    newest.push(change)
  }
  await writeVersions(transaction, newest)
  return fresh
}
