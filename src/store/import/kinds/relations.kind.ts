import { sql, type Transaction } from 'kysely'
import type { KeywordMatch, KeywordSurface } from '../../records.ts'
import type { Tables } from '../../tables.ts'
import type { ImportKind } from '../import-kind.ts'
import { BadColumnError, type RowReader } from '../row-reader.ts'
import { ensureTopics } from '../ensure-topics.ts'
import { lastOfEach, namesOf, unnest, type UnnestColumn } from '../unnest.ts'

const KEYWORD_MATCHES = ['word', 'phrase', 'hashtag', 'domain'] as const
const KEYWORD_SURFACES = ['body', 'quoted', 'author_handle', 'alt_text', 'link'] as const

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
interface TopicRelation {
  readonly kind: 'follow_topic'
  readonly viewerId: string
  readonly topic: string
}
interface KeywordRelation {
  readonly kind: 'muted_keyword'
  readonly viewerId: string
  readonly phrase: string
  readonly match: KeywordMatch
  readonly surfaces: readonly KeywordSurface[]
  readonly expiresAtMs: number | null
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

async function writeTopics(
  transaction: Transaction<Tables>,
  relations: readonly TopicRelation[],
): Promise<void> {
  if (relations.length === 0) return
  await ensureTopics(
    transaction,
    relations.map((relation) => relation.topic),
  )
  await sql`
    insert into followed_topics (user_id, topic_id)
    select given.user_id, topics.id
    from ${unnest<TopicRelation>(
      [
        { name: 'user_id', type: 'bigint', value: (relation) => relation.viewerId },
        { name: 'name', type: 'text', value: (relation) => relation.topic },
      ],
      relations,
    )}
    join topics on topics.name = given.name
    on conflict do nothing`.execute(transaction)
}

async function writeKeywords(
  transaction: Transaction<Tables>,
  relations: readonly KeywordRelation[],
): Promise<void> {
  if (relations.length === 0) return
  await sql`
    insert into muted_keywords (user_id, phrase, match, surfaces, expires_at_ms)
    select given.user_id, given.phrase, given.match, string_to_array(given.surfaces, ','),
      given.expires_at_ms
    from ${unnest<KeywordRelation>(
      [
        { name: 'user_id', type: 'bigint', value: (relation) => relation.viewerId },
        { name: 'phrase', type: 'text', value: (relation) => relation.phrase },
        { name: 'match', type: 'text', value: (relation) => relation.match },
        { name: 'surfaces', type: 'text', value: (relation) => relation.surfaces.join(',') },
        { name: 'expires_at_ms', type: 'bigint', value: (relation) => relation.expiresAtMs },
      ],
      lastOfEach(relations, ({ viewerId, phrase, match }) => `${viewerId} ${match} ${phrase}`),
    )}
    on conflict (user_id, phrase, match) do update
    set surfaces = excluded.surfaces, expires_at_ms = excluded.expires_at_ms
  `.execute(transaction)
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
