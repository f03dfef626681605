/** What a row of a batch asks for. */
export const CREATE = 0
export const RESTORE = 1
export const DELETE = 2

/**
 * A batch of changes, decoded: one array a field, ids as pairs [low, high] of int32 halves
 * (`id-halves.ts`), 0 = none. To be filled, applied, and filled again; row r is at r, or 2r and
 * 2r + 1.
 */
export class PostColumns {
  readonly capacity: number
  /** Rows in use. */
  count = 0
  /** `CREATE`, `RESTORE` or `DELETE`. */
  readonly kinds: Uint8Array
  readonly postIds: Int32Array
  readonly authorIds: Int32Array
  /** Epoch ms: of the creation, or for `DELETE` of the deletion. */
  readonly atMs: Float64Array
  readonly replyToPostIds: Int32Array
  readonly replyToUserIds: Int32Array
  readonly repostOfPostIds: Int32Array
  readonly repostOfUserIds: Int32Array
  readonly conversationIds: Int32Array
  /** 1 = its one attachment is a video that is long enough. */
  readonly hasVideo: Uint8Array
  /** 64-bit numbers as pairs; 0 = not versioned. */
  readonly versions: Int32Array
  /** All arrays of pairs. */
  readonly pairs: readonly Int32Array[]

  /** @param capacity rows. */
  constructor(capacity: number) {
    this.capacity = capacity
    this.kinds = new Uint8Array(capacity)
    this.postIds = new Int32Array(capacity * 2)
    this.authorIds = new Int32Array(capacity * 2)
    this.atMs = new Float64Array(capacity)
    this.replyToPostIds = new Int32Array(capacity * 2)
    this.replyToUserIds = new Int32Array(capacity * 2)
    this.repostOfPostIds = new Int32Array(capacity * 2)
    this.repostOfUserIds = new Int32Array(capacity * 2)
    this.conversationIds = new Int32Array(capacity * 2)
    this.hasVideo = new Uint8Array(capacity)
    this.versions = new Int32Array(capacity * 2)
    this.pairs = [
      this.postIds,
      this.authorIds,
      this.replyToPostIds,
      this.replyToUserIds,
      this.repostOfPostIds,
      this.repostOfUserIds,
      this.conversationIds,
      this.versions,
    ]
  }
}
