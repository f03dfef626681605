import { decodeEvent, EventDecodeError, type KnownEvent } from '../../events/event-codec.ts'
import type { ConsumedRecord } from '../../events/event-log.ts'
import { ACTIONS } from '../../gen/actions.ts'
import {
  ImpressionSource,
  ImpressionSurface,
  type Engaged,
  type Impressed,
} from '../../gen/events.ts'
import {
  impossible,
  toId,
  toInteger,
  toMs,
  toOptionalId,
  toText,
  UnusableEventError,
} from '../materialiser/field-checks.ts'
import type { ServedSource, ServedSurface } from '../viewer-store.ts'
import type { LoggedAction, LoggedEvent, LoggedImpression } from './logged-event.ts'

/** Longer names of requests, models and weights are nobody's. */
const NAME_LENGTH_MAX = 200

const SURFACES: Readonly<Record<number, ServedSurface>> = {
  [ImpressionSurface.IMPRESSION_SURFACE_HOME]: 'home',
  [ImpressionSurface.IMPRESSION_SURFACE_FOLLOWING]: 'following',
  [ImpressionSurface.IMPRESSION_SURFACE_SEARCH]: 'search',
}

const SOURCES: Readonly<Record<number, ServedSource>> = {
  [ImpressionSource.IMPRESSION_SOURCE_IN_NETWORK]: 'in_network',
  [ImpressionSource.IMPRESSION_SOURCE_RETRIEVAL]: 'retrieval',
  [ImpressionSource.IMPRESSION_SOURCE_EXPLORED]: 'explored',
}

function toName(value: string, field: string): string | null {
  if (value.length > NAME_LENGTH_MAX) impossible(field)
  return value === '' ? null : toText(value, field)
}

function toOptionalMs(value: bigint, field: string): number | null {
  return value === 0n ? null : toMs(value, field)
}

/** A client that did not look for long enough to say. */
function toDwellMs(value: bigint): number | null {
  return value === 0n ? null : toInteger(value, 'dwell_ms')
}

function toPropensity(value: number): number | null {
  if (value === 0) return null
  return value > 0 && value <= 1 ? value : impossible('propensity')
}

function toImpression(event: KnownEvent, shown: Impressed): LoggedImpression {
  const viewerId = toId(shown.viewerId, 'viewer_id')
  const shownPostId = toId(shown.postId, 'post_id')
  const requestId = toName(shown.requestId, 'request_id')
  const { position } = shown
  return {
    kind: 'impression',
    key: requestId === null ? event.id : `${viewerId}/${requestId}/${position}/${shownPostId}`,
    viewerId,
    shownPostId,
    postId: toOptionalId(shown.judgedPostId, 'judged_post_id'),
    authorId: toOptionalId(shown.judgedAuthorId, 'judged_author_id'),
    postCreatedAtMs: toOptionalMs(shown.judgedCreatedAtMs, 'judged_created_at_ms'),
    requestId,
    position,
    atMs: toMs(event.occurredAtMs, 'occurred_at_ms'),
    rankedAtMs: toOptionalMs(shown.rankedAtMs, 'ranked_at_ms'),
    surface: SURFACES[shown.surface] ?? null,
    source: SOURCES[shown.source] ?? null,
    propensity: toPropensity(shown.propensity),
    modelVersion: toName(shown.modelVersion, 'model_version'),
    weightsVersion: toName(shown.weightsVersion, 'weights_version'),
    dwellMs: toDwellMs(shown.dwellMs),
  }
}

function toAction(event: KnownEvent, engaged: Engaged): LoggedAction {
  if (ACTIONS[engaged.actionIndex] === undefined) impossible('action_index')
  return {
    kind: 'action',
    eventId: event.id,
    viewerId: toId(engaged.viewerId, 'viewer_id'),
    postId: toId(engaged.postId, 'post_id'),
    authorId: toOptionalId(engaged.postAuthorId, 'post_author_id'),
    actionIndex: engaged.actionIndex,
    isActive: engaged.active,
    atMs: toMs(event.occurredAtMs, 'occurred_at_ms'),
    dwellMs: toDwellMs(engaged.dwellMs),
    requestId: toName(engaged.requestId, 'request_id'),
    position: engaged.position,
  }
}

/** @throws {UnusableEventError} for a record that is no such event, or an impossible one. */
export function decodeLoggedEvent({ value, fault }: ConsumedRecord): LoggedEvent {
  if (fault !== undefined) throw new UnusableEventError(fault)
  let event: KnownEvent
  try {
    event = decodeEvent(value)
  } catch (error) {
    throw error instanceof EventDecodeError ? new UnusableEventError(error.reason) : error
  }
  if (toName(event.id, 'id') === null) impossible('id')
  const { payload } = event
  if (payload.$case === 'impressed') return toImpression(event, payload.value)
  if (payload.$case === 'engaged') return toAction(event, payload.value)
  throw new UnusableEventError('unexpected_kind')
}
