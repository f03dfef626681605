import { decodeEvent, EventDecodeError } from '../events/event-codec.ts'
import type { ConsumedRecord } from '../events/event-log.ts'
import type { PostFacts } from '../gen/events.ts'
import { trustPostId, trustUserId, type PostId } from '../ids.ts'
import { INDEX_RETENTION_MS } from './phoenix.params.ts'
import type { IndexedPost } from './retrieval-index.ts'

/** What a batch of events asks of the index. No post is in both lists. */
export interface IndexChanges {
  readonly upserts: readonly IndexedPost[]
  readonly removals: readonly PostId[]
  /** Records without a usable event; Thunder's consumer writes the dead letters. */
  readonly rejected: number
  /** When the newest of the events happened, epoch ms; 0 = none. */
  readonly newestAtMs: number
}

/** Originals and quotes: replies and reposts mean little to strangers. */
function isIndexable(facts: PostFacts): boolean {
  return facts.replyToPostId === 0n && facts.replyToUserId === 0n && facts.repostOfPostId === 0n
}

function isPossible({ postId, authorId, createdAtMs }: PostFacts): boolean {
  return postId >= 1n && authorId >= 1n && createdAtMs >= 1n
}

/**
 * Boils a batch down to its effect; the last event of a post decides. Originals and quotes no older
 * than 48 hours go in; deleted ones and those that are not recommendable (any more) come out.
 */
export function toIndexChanges(batch: readonly ConsumedRecord[], nowMs: number): IndexChanges {
  const changes = new Map<PostId, IndexedPost | null>()
  let rejected = 0
  let newestAtMs = 0

  const put = (facts: PostFacts) => {
    const createdAtMs = Number(facts.createdAtMs)
    if (!isIndexable(facts) || nowMs - createdAtMs > INDEX_RETENTION_MS) return
    const postId = trustPostId(facts.postId)
    const post = { postId, authorId: trustUserId(facts.authorId), createdAtMs }
    changes.set(postId, facts.recommendable ? post : null)
  }

  for (const { value, fault } of batch) {
    if (fault !== undefined) {
      rejected += 1
      continue
    }
    try {
      const { payload, occurredAtMs } = decodeEvent(value)
      newestAtMs = Math.max(newestAtMs, Math.min(Number(occurredAtMs), nowMs))
      if (payload.$case === 'postDeleted' && payload.value.postId >= 1n) {
        changes.set(trustPostId(payload.value.postId), null)
      } else if (payload.$case === 'postCreated' || payload.$case === 'postRestored') {
        const facts = payload.value.post
        if (facts !== undefined && isPossible(facts)) put(facts)
        else rejected += 1
      } else {
        rejected += 1
      }
    } catch (error) {
      if (!(error instanceof EventDecodeError)) throw error
      rejected += 1
    }
  }
  const entries = [...changes]
  return {
    upserts: entries.flatMap(([, post]) => post ?? []),
    removals: entries.flatMap(([postId, post]) => (post === null ? postId : [])),
    rejected,
    newestAtMs,
  }
}
