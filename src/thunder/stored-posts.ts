import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import { toSeconds } from './entry-head.ts'
import { joinId } from './id-halves.ts'
import { FIRST_LINK } from './post-links.ts'
import { HAS_VIDEO, HOT_AUTHOR, HOT_HEAD, HOT_SIZE, IS_REPLY, IS_REPOST } from './post-slots.ts'
import type { PostTable } from './post-table.ts'
import { repostLinkOf } from './reply-flags.ts'
import type { StoredPost } from './stored-post.ts'
import type { ThunderPost } from './thunder.ts'

/** Makes objects of slots: the edge of the store, and the only place where ids become text. */
export class StoredPosts {
  readonly #table: PostTable

  constructor(table: PostTable) {
    this.#table = table
  }

  /** What an answer says of a live slot. @param nearSeconds any second less than two years away. */
  toThunderPost(slot: number, nearSeconds: number): ThunderPost {
    const { hot, states, conversations } = this.#table.slots
    const state = states[slot] ?? 0
    const isRepost = (state & IS_REPOST) !== 0
    const repostLink = repostLinkOf(state)
    return {
      postId: this.#postId(slot),
      authorId: this.#userId(hot[slot * HOT_SIZE + HOT_AUTHOR] ?? 0),
      createdAtMs: toSeconds(hot[slot * HOT_SIZE + HOT_HEAD] ?? 0, nearSeconds) * 1_000,
      replyToPostId: (state & IS_REPLY) === 0 ? null : this.#parentId(slot, FIRST_LINK),
      repostOfPostId: isRepost ? this.#parentId(slot, repostLink) : null,
      repostOfUserId: isRepost ? this.#linkedUserId(slot, repostLink) : null,
      conversationId: orNull(conversations, slot),
    }
  }

  /** All of a live slot, for hashes and for moving it elsewhere. */
  toStoredPost(slot: number, nearSeconds: number): StoredPost {
    const { states, versionLows, versionHighs } = this.#table.slots
    const { createdAtMs, ...post } = this.toThunderPost(slot, nearSeconds)
    const isReply = ((states[slot] ?? 0) & IS_REPLY) !== 0
    return {
      ...post,
      createdAtSeconds: createdAtMs / 1_000,
      replyToUserId: isReply ? this.#linkedUserId(slot, FIRST_LINK) : null,
      hasVideo: ((states[slot] ?? 0) & HAS_VIDEO) !== 0,
      version: BigInt(joinId(versionLows[slot] ?? 0, versionHighs[slot] ?? 0)),
    }
  }

  #postId(slot: number): PostId {
    const { ids } = this.#table.slots
    return trustPostId(joinId(ids[slot * 2] ?? 0, ids[slot * 2 + 1] ?? 0))
  }

  #userId(author: number): UserId {
    const { ids } = this.#table.authors
    return trustUserId(joinId(ids[author * 2] ?? 0, ids[author * 2 + 1] ?? 0))
  }

  #parentId(slot: number, which: number): PostId | null {
    const parent = this.#table.links.parentOf(slot, which)
    return parent === 0 ? null : this.#postId(parent)
  }

  #linkedUserId(slot: number, which: number): UserId | null {
    const user = this.#table.links.userOf(slot, which)
    return user === 0 ? null : this.#userId(user)
  }
}

function orNull(ids: Int32Array, slot: number): PostId | null {
  const low = ids[slot * 2] ?? 0
  const high = ids[slot * 2 + 1] ?? 0
  return (low | high) === 0 ? null : trustPostId(joinId(low, high))
}
