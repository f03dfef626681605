import type { PostId, UserId } from '../ids.ts'
import { setDeletion, setPost, setRestoredPost } from './change-columns.ts'
import { createFollowList, FollowListCache, type FollowList } from './follow-list.ts'
import { splitId } from './id-halves.ts'
import { PostColumns } from './post-columns.ts'
import { PostReader } from './post-reader.ts'
import { PostTable } from './post-table.ts'
import { PostWriter, TOMBSTONE_SECONDS, type StoreOutcome } from './post-writer.ts'
import type { SlotRequest } from './read-scope.ts'
import { RING_SECONDS } from './second-ring.ts'
import { hashOf } from './store-hash.ts'
import type { PostDeletion, StoredPost } from './stored-post.ts'
import { StoredPosts } from './stored-posts.ts'
import {
  CHILDREN_PER_CALL_MAX,
  CLOCK_SKEW_SECONDS_MAX,
  POSTS_MAX,
  POSTS_RETURNED_MAX,
  RETENTION_SECONDS,
  SWEPT_PER_CALL_MAX,
  TRIM_SLICE_SIZE,
  VIDEOS_RETURNED_MAX,
} from './thunder.params.ts'
import type { RecentPostsRequest, Thunder, ThunderPost } from './thunder.ts'

export type { PostDeletion } from './stored-post.ts'

export interface PostStoreStats {
  readonly authors: number
  readonly posts: number
  readonly tombstones: number
  /** Posts that were removed, or not taken, because newer ones filled the store. */
  readonly evicted: number
  /** Events since the start, by what became of them. */
  readonly outcomes: Readonly<Record<StoreOutcome, number>>
}

export interface PostStoreOptions {
  /** The oldest posts go when there would be more. 1 to `POSTS_MAX_LIMIT`. */
  readonly postsMax?: number
  /**
   * Replies and reposts of a changed post that one call looks at, at least 1; the rest waits for
   * the next call. No read tells the difference.
   */
  readonly childrenPerCallMax?: number
}

/**
 * Thunder's store: the posts of the last 48 hours, and as many as it may hold, in typed arrays
 * (`ARCHITECTURE.md` draws them). One thread, so no locks. Writes come as objects or as columns,
 * reads go out as slots or, at the edge, as objects.
 */
export class PostStore implements Thunder {
  readonly #table: PostTable
  readonly #writer: PostWriter
  readonly #reader: PostReader
  readonly #posts: StoredPosts
  readonly #followLists: FollowListCache
  readonly #clockMs: () => number
  readonly #one = new PostColumns(1)
  readonly #answer = new Int32Array(Math.max(POSTS_RETURNED_MAX, VIDEOS_RETURNED_MAX))
  readonly #outcomes: Record<StoreOutcome, number> = {
    applied: 0,
    duplicate: 0,
    stale: 0,
    deleted: 0,
    expired: 0,
    ahead: 0,
    evicted: 0,
  }
  #latestSeconds = 0

  constructor(nowMs: () => number, options: PostStoreOptions = {}) {
    this.#clockMs = nowMs
    this.#table = new PostTable(
      options.postsMax ?? POSTS_MAX,
      options.childrenPerCallMax ?? CHILDREN_PER_CALL_MAX,
    )
    this.#writer = new PostWriter(this.#table)
    this.#reader = new PostReader(this.#table)
    this.#posts = new StoredPosts(this.#table)
    this.#followLists = new FollowListCache(this.#table.authors)
  }

  /** Adds a post; a newer version replaces what is there. */
  insert(post: StoredPost): StoreOutcome {
    setPost(this.#one, 0, post)
    return this.#applyOne()
  }

  /** Takes a post out of every timeline at once, its reposts with it; quotes of it stay. */
  delete(deletion: PostDeletion): StoreOutcome {
    setDeletion(this.#one, 0, deletion)
    return this.#applyOne()
  }

  /** Undoes a deletion, for its reposts too; without one it adds the post. */
  restore(post: StoredPost): StoreOutcome {
    setRestoredPost(this.#one, 0, post)
    return this.#applyOne()
  }

  /**
   * Applies rows of a batch, in order, as `insert`, `restore` and `delete` would. The values must
   * be possible ones: ids from 1 to 2^63 - 1, no post its own parent. About 1 us a row: let others
   * run between slices of a few thousand.
   */
  applyColumns(columns: PostColumns, from = 0, to = columns.count): void {
    const nowSeconds = this.#advance()
    for (let row = from; row < to; row += 1) {
      this.#outcomes[this.#writer.apply(columns, row, nowSeconds)] += 1
    }
  }

  recentPosts(request: RecentPostsRequest): readonly ThunderPost[] {
    const kind = request.kind ?? 'posts'
    const returnedMax = kind === 'videos' ? VIDEOS_RETURNED_MAX : POSTS_RETURNED_MAX
    const { resultsMax } = request
    const slotRequest: SlotRequest = {
      follows: this.#followListOf(request),
      viewer: this.denseUser(request.viewerId),
      excluded: this.#excludedPairs(request.excludedPostIds),
      resultsMax: resultsMax > 0 ? Math.min(resultsMax, returnedMax) : returnedMax,
      kind,
    }
    const count = this.readSlots(slotRequest, this.#answer)
    const posts: ThunderPost[] = []
    for (const slot of this.#answer.subarray(0, count)) {
      posts.push(this.#posts.toThunderPost(slot, this.#latestSeconds))
    }
    return posts
  }

  /**
   * The read itself: writes slots into `into` (room for `resultsMax`), newest first, and returns
   * how many. They hold until the next write. Allocates no object.
   */
  readSlots(request: SlotRequest, into: Int32Array): number {
    const nowSeconds = this.#advance()
    return this.#reader.read(request, into, nowSeconds - RETENTION_SECONDS)
  }

  /** A follow list for `readSlots`, good for the store's life. */
  followList(authorIds: readonly UserId[]): FollowList {
    return createFollowList(authorIds, (low, high) => this.#table.authors.intern(low, high))
  }

  /** The dense number of a user; 0 = the store knows nothing of that user. */
  denseUser(userId: UserId): number {
    const { low, high } = splitId(userId, { low: 0, high: 0 })
    return this.#table.authors.find(low, high)
  }

  /** What a slot holds; not after a write. */
  postAt(slot: number): ThunderPost {
    return this.#posts.toThunderPost(slot, this.#latestSeconds)
  }

  /** Removes what has expired, in one go. */
  trim(): void {
    for (const slice of this.trimSlices()) void slice
  }

  /** Removes what has expired; stops after each slice, so that the caller may let others run. */
  *trimSlices(sliceSize = TRIM_SLICE_SIZE): IterableIterator<void> {
    const nowSeconds = this.#nowSeconds()
    while (this.#sweep(nowSeconds, sliceSize) === sliceSize) yield
    while (this.#table.proceed()) yield
  }

  stats(): PostStoreStats {
    return {
      authors: this.#table.timelines.authorsWithPosts,
      posts: this.#table.posts.count,
      tombstones: this.#table.tombstones.count,
      evicted: this.#table.evicted,
      outcomes: { ...this.#outcomes },
    }
  }

  /** Equal for stores that hold the same, however it came in. For tests: it reads everything. */
  storeHash(): string {
    this.trim()
    return hashOf(this.#table, this.#latestSeconds)
  }

  #applyOne(): StoreOutcome {
    const outcome = this.#writer.apply(this.#one, 0, this.#advance())
    this.#outcomes[outcome] += 1
    return outcome
  }

  #followListOf({ viewerId, authorIds, followsVersion }: RecentPostsRequest): FollowList {
    if (followsVersion !== undefined) {
      return this.#followLists.get(viewerId, followsVersion, authorIds)
    }
    return createFollowList(authorIds, (low, high) => this.#table.authors.find(low, high))
  }

  #excludedPairs(postIds: ReadonlySet<PostId>): Int32Array {
    const pairs = new Int32Array(postIds.size * 2)
    const halves = { low: 0, high: 0 }
    let at = 0
    for (const postId of postIds) {
      splitId(postId, halves)
      pairs[at] = halves.low
      pairs[at + 1] = halves.high
      at += 2
    }
    return pairs
  }

  /** Now; never earlier than before, as what was trimmed cannot come back. */
  #nowSeconds(): number {
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(this.#clockMs() / 1_000))
    return this.#latestSeconds
  }

  /** Now, with what has expired removed: all of it unless the clock has leapt. */
  #advance(): number {
    const nowSeconds = this.#nowSeconds()
    const { posts, tombstones } = this.#table
    const oldest = Math.min(posts.oldestSeconds(), tombstones.oldestSeconds())
    // The rings must have room for every second up to the farthest that may come.
    const isOverdue = nowSeconds + CLOCK_SKEW_SECONDS_MAX - oldest >= RING_SECONDS
    this.#sweep(nowSeconds, isOverdue ? Infinity : SWEPT_PER_CALL_MAX)
    this.#table.proceed()
    return nowSeconds
  }

  #sweep(nowSeconds: number, limit: number): number {
    const postsBefore = nowSeconds - RETENTION_SECONDS
    return this.#table.sweep(postsBefore, nowSeconds - TOMBSTONE_SECONDS, limit)
  }
}
