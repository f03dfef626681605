import type { RelationChanged } from '../../gen/events.ts'
import {
  KEYWORD_MATCHES,
  KEYWORD_SURFACES,
  type KeywordRelation,
} from '../import/named-relations.ts'
import type { ChangeBody, RelationKind } from './change.ts'
import { UnusableEventError, impossible, toId, toMs, toText } from './field-checks.ts'

type RelationBody = Extract<ChangeBody, { readonly kind: 'relation' | 'named-relation' }>

const RELATIONS: Readonly<Record<RelationKind, true>> = {
  follow: true,
  block: true,
  mute: true,
  mute_reposts: true,
  subscribe: true,
}
const NAME_LENGTH_MAX = { follow_topic: 100, muted_keyword: 500 } as const

function isRelationKind(kind: string): kind is RelationKind {
  return Object.hasOwn(RELATIONS, kind)
}

function toName(changed: RelationChanged, kind: keyof typeof NAME_LENGTH_MAX): string {
  const name = toText(changed.targetName, 'target_name').trim()
  return name === '' || name.length > NAME_LENGTH_MAX[kind] ? impossible('target_name') : name
}

function toKeyword(changed: RelationChanged, viewerId: string): KeywordRelation {
  const { match, surfaces, expiresAtMs } = changed
  if (surfaces.some((name) => !KEYWORD_SURFACES.some((surface) => surface === name))) {
    impossible('surfaces')
  }
  return {
    kind: 'muted_keyword',
    viewerId,
    phrase: toName(changed, 'muted_keyword'),
    match: KEYWORD_MATCHES.find((each) => each === (match || 'word')) ?? impossible('match'),
    surfaces:
      surfaces.length === 0
        ? KEYWORD_SURFACES
        : KEYWORD_SURFACES.filter((surface) => surfaces.includes(surface)),
    expiresAtMs: expiresAtMs === 0n ? null : toMs(expiresAtMs, 'expires_at_ms'),
  }
}

export function toRelation(changed: RelationChanged, occurredAtMs: bigint): RelationBody {
  const { kind, active: isActive } = changed
  const viewerId = toId(changed.viewerId, 'viewer_id')
  if (kind === 'follow_topic') {
    const topic = toName(changed, kind)
    return { kind: 'named-relation', isActive, relation: { kind, viewerId, topic } }
  }
  if (kind === 'muted_keyword') {
    return { kind: 'named-relation', isActive, relation: toKeyword(changed, viewerId) }
  }
  if (!isRelationKind(kind)) throw new UnusableEventError('unsupported_relation')
  const targetId = toId(changed.targetId, 'target_id')
  if (viewerId === targetId) impossible('target_id')
  const atMs = toMs(occurredAtMs, 'occurred_at_ms')
  return { kind: 'relation', isActive, relation: kind, viewerId, targetId, atMs }
}

/** What the version of a relation is counted by. */
export function relationEntity(body: RelationBody): string {
  if (body.kind === 'relation') return `${body.relation}/${body.viewerId}/${body.targetId}`
  const { relation } = body
  if (relation.kind === 'follow_topic') return `follow_topic/${relation.viewerId}/${relation.topic}`
  return `muted_keyword/${relation.viewerId}/${relation.match}/${relation.phrase}`
}
