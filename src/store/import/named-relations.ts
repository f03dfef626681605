/** Relations to a name instead of an account: followed topics and muted keywords. */
import { sql, type Transaction } from 'kysely'
import type { KeywordMatch, KeywordSurface } from '../records.ts'
import type { Tables } from '../tables.ts'
import { ensureTopics } from './ensure-topics.ts'
import { lastOfEach, unnest } from './unnest.ts'

export const KEYWORD_MATCHES = ['word', 'phrase', 'hashtag', 'domain'] as const
export const KEYWORD_SURFACES = ['body', 'quoted', 'author_handle', 'alt_text', 'link'] as const

export interface TopicRelation {
  readonly kind: 'follow_topic'
  readonly viewerId: string
  readonly topic: string
}
export interface KeywordRelation {
  readonly kind: 'muted_keyword'
  readonly viewerId: string
  readonly phrase: string
  readonly match: KeywordMatch
  readonly surfaces: readonly KeywordSurface[]
  readonly expiresAtMs: number | null
}

export async function writeTopics(
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

export async function writeKeywords(
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
