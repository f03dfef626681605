import { sql, type Transaction } from 'kysely'
import {
  writeKeywords,
  writeTopics,
  type KeywordRelation,
  type TopicRelation,
} from '../import/named-relations.ts'
import { lastOfEach, unnest } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import type { ChangeBody } from './change.ts'
import { relationEntity } from './decode-relation.ts'

type NamedChange = Extract<ChangeBody, { readonly kind: 'named-relation' }>

async function removeTopics(
  transaction: Transaction<Tables>,
  relations: readonly TopicRelation[],
): Promise<void> {
  if (relations.length === 0) return
  const columns = [
    { name: 'user_id', type: 'bigint', value: ({ viewerId }: TopicRelation) => viewerId },
    { name: 'name', type: 'text', value: ({ topic }: TopicRelation) => topic },
  ] as const
  await sql`
    delete from followed_topics as kept using topics, ${unnest(columns, relations)}
    where topics.name = given.name and kept.topic_id = topics.id
      and kept.user_id = given.user_id`.execute(transaction)
}

async function removeKeywords(
  transaction: Transaction<Tables>,
  relations: readonly KeywordRelation[],
): Promise<void> {
  if (relations.length === 0) return
  const columns = [
    { name: 'user_id', type: 'bigint', value: ({ viewerId }: KeywordRelation) => viewerId },
    { name: 'phrase', type: 'text', value: ({ phrase }: KeywordRelation) => phrase },
    { name: 'match', type: 'text', value: ({ match }: KeywordRelation) => match },
  ] as const
  await sql`
    delete from muted_keywords as kept using ${unnest(columns, relations)}
    where kept.user_id = given.user_id and kept.phrase = given.phrase
      and kept.match = given.match`.execute(transaction)
}

/** The last change of each followed topic and muted keyword decides. */
export async function applyNamedRelations(
  transaction: Transaction<Tables>,
  changes: readonly NamedChange[],
): Promise<void> {
  const last = lastOfEach(changes, relationEntity)
  const ofState = (isActive: boolean) => {
    const relations = last.filter((change) => change.isActive === isActive)
    return relations.map(({ relation }) => relation)
  }
  const isTopic = (relation: TopicRelation | KeywordRelation): relation is TopicRelation =>
    relation.kind === 'follow_topic'
  const isKeyword = (relation: TopicRelation | KeywordRelation): relation is KeywordRelation =>
    relation.kind === 'muted_keyword'
  await writeTopics(transaction, ofState(true).filter(isTopic))
  await writeKeywords(transaction, ofState(true).filter(isKeyword))
  await removeTopics(transaction, ofState(false).filter(isTopic))
  await removeKeywords(transaction, ofState(false).filter(isKeyword))
}
