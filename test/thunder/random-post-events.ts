import { createEvent, encodeEvent, type EventPayload } from '../../src/events/event-codec.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { decodePostEvent } from '../../src/thunder/post-event.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { createRandom } from './random-steps.ts'
import { NOW_SECONDS } from './stored-post-fixture.ts'

export const NOW_MS = NOW_SECONDS * 1_000
export const nowMs = () => NOW_MS

const AUTHORS = 40

/** Posts of many authors, some deleted, some of those restored; versions grow per post. */
export function randomPostEvents(seed: number, posts: number, firstId = 1): EventRecord[] {
  const random = createRandom(seed)
  return Array.from({ length: posts }, (_, index) => firstId + index).flatMap((id) => {
    const authorId = 1 + Math.floor(random() * AUTHORS)
    const atMs = NOW_MS - Math.floor(random() * 100_000_000)
    const post = PostFacts.fromPartial({
      postId: BigInt(id),
      authorId: BigInt(authorId),
      createdAtMs: BigInt(atMs),
    })
    const deletion = {
      postId: BigInt(id),
      authorId: BigInt(authorId),
      deletedAtMs: BigInt(atMs + 1_000),
    }
    const payloads: EventPayload[] = [
      { $case: 'postCreated', value: { post } },
      { $case: 'postDeleted', value: deletion },
      { $case: 'postRestored', value: { post } },
    ]
    const count = 1 + Math.floor(random() * 2.4)
    return payloads.slice(0, count).map((payload, version) => ({
      topic: 'posts' as const,
      key: String(authorId),
      event: createEvent(payload, atMs, BigInt(version + 1)),
    }))
  })
}

export function applyInOnePiece(store: PostStore, records: readonly EventRecord[]): void {
  for (const { event } of records) {
    const { change } = decodePostEvent(encodeEvent(event))
    if (change.kind === 'create') store.insert(change.post)
    else if (change.kind === 'restore') store.restore(change.post)
    else store.delete(change.deletion)
  }
}

/** The hash of a store that got these in order, once each, without any log. */
export function hashInOnePiece(records: readonly EventRecord[]): string {
  const store = new PostStore(nowMs)
  applyInOnePiece(store, records)
  return store.storeHash()
}
