import type { PostId } from '../../ids.ts'
import { mayContain, type BloomEntry } from './bloom-filter.ts'
import { hashId128, type Hash128 } from './murmur3.ts'
import { SEEN_PARAMS } from './seen.params.ts'

/** One filter of a viewer: about `sizeCap` posts, then the next one begins. */
export interface SeenGeneration extends BloomEntry {
  /** When it took its newest post, epoch ms by our clock. */
  readonly writtenAtMs: number
}

/** Whether one of the generations may hold the post. */
export type SeenTest = (postId: PostId, createdAtMs: number) => boolean

/**
 * Asks all generations that were written since the post was made: no other can hold it, so that a
 * new post does not pay for five chances of a false claim.
 */
export function createSeenTest(generations: readonly SeenGeneration[]): SeenTest {
  if (generations.length === 0) return () => false
  return (postId, createdAtMs) => {
    let hash: Hash128 | undefined
    for (const generation of generations) {
      if (generation.writtenAtMs + SEEN_PARAMS.clockSkewMs < createdAtMs) continue
      hash ??= hashId128(postId)
      if (mayContain(generation, hash)) return true
    }
    return false
  }
}
