import { DISCRETE_ACTION_COUNT } from '../gen/actions.ts'
import type { PackedActions, PackedCandidates, RankRequest } from '../gen/phoenix.ts'
import type { ActionSequence } from './action-sequence.ts'
import type { RankedCandidate, RankQuery } from './ranking-client.ts'

/** A history as columns, oldest first; empty columns stand for all zero. */
export function toPackedActions(actions: ActionSequence): PackedActions {
  const multiHot = new Uint8Array(actions.length * DISCRETE_ACTION_COUNT)
  for (const [row, { actionIndexes }] of actions.entries()) {
    for (const index of actionIndexes) multiHot[row * DISCRETE_ACTION_COUNT + index] = 1
  }
  const hasDwell = actions.some(({ dwellSeconds }) => dwellSeconds !== 0)
  const hasSurface = actions.some(({ surface }) => surface !== 0)
  return {
    postIds: actions.map(({ postId }) => BigInt(postId)),
    authorIds: actions.map(({ authorId }) => BigInt(authorId)),
    multiHot,
    dwellSeconds: hasDwell ? actions.map(({ dwellSeconds }) => dwellSeconds) : [],
    surfaces: Uint8Array.from(hasSurface ? actions.map(({ surface }) => surface) : []),
    actedAtMs: actions.map(({ actedAtMs }) => BigInt(actedAtMs)),
    postCreatedAtMs: actions.map(({ postCreatedAtMs }) => BigInt(postCreatedAtMs)),
  }
}

/** Candidates, or posts for the index, as columns. */
export function toPackedCandidates(candidates: readonly RankedCandidate[]): PackedCandidates {
  return {
    postIds: candidates.map(({ postId }) => BigInt(postId)),
    authorIds: candidates.map(({ authorId }) => BigInt(authorId)),
    createdAtMs: candidates.map(({ createdAtMs }) => BigInt(createdAtMs)),
    surfaces: new Uint8Array(0),
  }
}

/** What the ranking service is asked, in the packed form. */
export function toRankRequest({ viewerId, actions, candidates, nowMs }: RankQuery): RankRequest {
  return {
    userId: BigInt(viewerId),
    userActionSequence: undefined,
    candidates: [],
    packedActions: toPackedActions(actions),
    packedCandidates: toPackedCandidates(candidates),
    requestTimeMs: BigInt(nowMs),
  }
}

/**
 * Little-endian float32 values; null when the bytes are not `count` of them. Every platform that
 * Node runs on is little-endian; the copy is for alignment.
 */
export function toFloats(bytes: Uint8Array, count: number): Float32Array | null {
  if (bytes.byteLength !== count * Float32Array.BYTES_PER_ELEMENT) return null
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
