import { sql, type Transaction } from 'kysely'
import type { KeywordSurface } from '../../records.ts'
import type { Tables } from '../../tables.ts'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError, type RowReader } from '../row-reader.ts'
import { namesOf, unnest, type UnnestColumn } from '../unnest.ts'
import {
  KEYWORD_MATCHES,
  KEYWORD_SURFACES,
  writeKeywords,
  writeTopics,
  type KeywordRelation,
  type TopicRelation,
} from '../named-relations.ts'

/** Relations to another account, and the table of each. */
const TARGET_TABLES = {
  block: 'blocks',
  mute: 'mutes',
  mute_reposts: 'muted_reposts',
  subscribe: 'subscriptions',
} as const
type TargetKind = keyof typeof TARGET_TABLES
const TARGET_KINDS = ['block', 'mute', 'mute_reposts', 'subscribe'] as const
const KINDS = [...TARGET_KINDS, 'follow_topic', 'muted_keyword'] as const

interface TargetRelation {
  readonly kind: TargetKind
  readonly viewerId: string
  readonly targetId: string
}
type ImportedRelation = TargetRelation | TopicRelation | KeywordRelation

function readSurfaces(row: RowReader): readonly KeywordSurface[] {
  const names = row.texts('surfaces')
  if (names.length === 0) return KEYWORD_SURFACES
  const unknown = names.find((name) => !KEYWORD_SURFACES.some((surface) => surface === name))
  if (unknown !== undefined) {
    throw new BadColumnError(
      `surfaces names "${unknown}": give some of ${KEYWORD_SURFACES.join(', ')}, or none for all`,
    )
  }
  return KEYWORD_SURFACES.filter((surface) => names.includes(surface))
}

function readRelation(row: RowReader): ImportedRelation {
  const viewerId = row.id('viewer_id')
  const kind = row.oneOf('kind', KINDS)
  if (kind === 'muted_keyword') {
    const phrase = row.text('phrase', 500).trim()
    if (phrase === '') throw new BadColumnError('phrase is blank: give the words to mute')
    return {
      kind,
      viewerId,
      phrase,
      match: row.oneOf('match', KEYWORD_MATCHES),
      surfaces: readSurfaces(row),
      expiresAtMs: row.optionalTimeMs('expires_at'),
    }
  }
  if (row.has('expires_at')) {
    throw new BadColumnError(`expires_at does not go with kind ${kind}: only keywords expire`)
  }
  if (kind === 'follow_topic') return { kind, viewerId, topic: row.text('topic', 100) }
  const targetId = row.id('target_id')
  if (targetId === viewerId) {
    throw new BadColumnError(`target_id is the viewer: ${kind} needs another account`)
  }
  return { kind, viewerId, targetId }
}

const TARGET_COLUMNS: readonly UnnestColumn<TargetRelation>[] = [
  { name: 'user_id', type: 'bigint', value: (relation) => relation.viewerId },
  { name: 'target_id', type: 'bigint', value: (relation) => relation.targetId },
]

async function writeTargets(
  transaction: Transaction<Tables>,
  relations: readonly ImportedRelation[],
): Promise<void> {
  for (const kind of TARGET_KINDS) {
    const rows = relations.filter((relation): relation is TargetRelation => relation.kind === kind)
    if (rows.length === 0) continue
    await sql`
      insert into ${sql.table(TARGET_TABLES[kind])} (${namesOf(TARGET_COLUMNS)})
      select ${namesOf(TARGET_COLUMNS)} from ${unnest(TARGET_COLUMNS, rows)}
      on conflict do nothing`.execute(transaction)
  }
}

export const relationsKind: ImportKind<ImportedRelation> = {
  name: 'relations',
  columns: ['viewer_id', 'kind', 'target_id', 'topic', 'phrase', 'match', 'surfaces', 'expires_at'],
  read: readRelation,
  async write(rows, { transaction }) {
    const relations = rows.map((row) => row.value)
    await writeTargets(transaction, relations)
    await writeTopics(
      transaction,
      relations.filter((relation) => relation.kind === 'follow_topic'),
    )
    await writeKeywords(
      transaction,
      relations.filter((relation) => relation.kind === 'muted_keyword'),
    )
    return []
  },
}
