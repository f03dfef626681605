import { createHash } from 'node:crypto'
import type { PostId, UserId } from '../ids.ts'
import { AuthorTimeline } from './author-timeline.ts'
import { readTimelines } from './read-timelines.ts'
import { describePost, type StoredPost } from './stored-post.ts'
import type { RecentPostsRequest, Thunder, ThunderPost } from './thunder.ts'
import { CLOCK_SKEW_SECONDS_MAX, RETENTION_SECONDS, TRIM_SLICE_SIZE } from './thunder.params.ts'

/** A deletion: it also stops a creation that arrives after it. */
export interface PostDeletion {
  readonly postId: PostId
  /** Epoch seconds. */
  readonly deletedAtSeconds: number
  /** 0 = not versioned. */
  readonly version: bigint
}

/** What became of an event. `expired` and `ahead` are lost; `stale`: a newer one came before. */
export type StoreOutcome = 'applied' | 'duplicate' | 'stale' | 'deleted' | 'expired' | 'ahead'

export interface PostStoreStats {
  readonly authors: number
  readonly posts: number
  readonly tombstones: number
  /** Events since the start, by what became of them. */
  readonly outcomes: Readonly<Record<StoreOutcome, number>>
}

/** Versions decide only where both events carry one. */
function isOlder(version: bigint, known: bigint): boolean {
  return version !== 0n && known !== 0n && version < known
}

/**
 * Thunder's store, plain: every post of the last 48 hours in a Map, three sorted timelines an
 * author, a tombstone a deletion. One thread, so no locks. Reads see expired posts as gone before
 * `trim` has removed them.
 */
export class PostStore implements Thunder {
  readonly #posts = new Map<PostId, StoredPost>()
  readonly #tombstones = new Map<PostId, PostDeletion>()
  readonly #authors = new Map<UserId, AuthorTimeline>()
  readonly #clockMs: () => number
  readonly #outcomes = { applied: 0, duplicate: 0, stale: 0, deleted: 0, expired: 0, ahead: 0 }
  #latestSeconds = 0

  constructor(nowMs: () => number) {
    this.#clockMs = nowMs
  }

  /** Adds a post; a newer version replaces what is there. */
  insert(post: StoredPost): StoreOutcome {
    const nowSeconds = this.#nowSeconds()
    if (this.#tombstoneOf(post.postId, nowSeconds) !== undefined) return this.#count('deleted')
    return this.#count(this.#put(post, nowSeconds))
  }

  /** Takes a post out of every timeline at once, its reposts with it; quotes of it stay. */
  delete(deletion: PostDeletion): StoreOutcome {
    const nowSeconds = this.#nowSeconds()
    const post = this.#knownPost(deletion.postId, nowSeconds)
    if (post !== undefined && isOlder(deletion.version, post.version)) return this.#count('stale')
    const known = this.#tombstoneOf(deletion.postId, nowSeconds)
    if (known !== undefined) {
      if (isOlder(known.version, deletion.version)) this.#entomb(deletion, nowSeconds)
      return this.#count('duplicate')
    }
    if (post !== undefined) this.#remove(post)
    this.#entomb(deletion, nowSeconds)
    return this.#count('applied')
  }

  /** Undoes a deletion, for its reposts too; without one it adds the post. */
  restore(post: StoredPost): StoreOutcome {
    const nowSeconds = this.#nowSeconds()
    const tombstone = this.#tombstoneOf(post.postId, nowSeconds)
    if (tombstone !== undefined) {
      const isDecided = post.version !== 0n && tombstone.version !== 0n
      if (isDecided && post.version <= tombstone.version) return this.#count('stale')
      this.#tombstones.delete(post.postId)
    }
    return this.#count(this.#put(post, nowSeconds))
  }

  recentPosts(request: RecentPostsRequest): readonly ThunderPost[] {
    const nowSeconds = this.#nowSeconds()
    return readTimelines(request, {
      timelinesOf: (authorId) => this.#authors.get(authorId),
      find: (postId) => this.#livePost(postId, nowSeconds),
      isDeleted: (postId) => this.#tombstoneOf(postId, nowSeconds) !== undefined,
      oldestSeconds: nowSeconds - RETENTION_SECONDS,
    })
  }

  /** Removes what has expired, in one go. */
  trim(): void {
    for (const slice of this.trimSlices()) void slice
  }

  /** Removes what has expired; stops after each slice, so that the caller may let others run. */
  *trimSlices(sliceSize = TRIM_SLICE_SIZE): IterableIterator<void> {
    const nowSeconds = this.#nowSeconds()
    let seen = 0
    for (const [authorId, timeline] of this.#authors) {
      const expired = timeline.takeOlderThan(nowSeconds - RETENTION_SECONDS)
      for (const post of expired) this.#posts.delete(post.postId)
      if (timeline.isEmpty) this.#authors.delete(authorId)
      seen += 1
      if (seen % sliceSize === 0) yield
    }
    for (const postId of this.#tombstones.keys()) {
      this.#tombstoneOf(postId, nowSeconds)
      seen += 1
      if (seen % sliceSize === 0) yield
    }
  }

  stats(): PostStoreStats {
    return {
      authors: this.#authors.size,
      posts: this.#posts.size,
      tombstones: this.#tombstones.size,
      outcomes: { ...this.#outcomes },
    }
  }

  /** Equal for stores that hold the same, however it came in. For tests: it reads everything. */
  storeHash(): string {
    this.trim()
    const lines = [
      ...[...this.#posts.values()].map(describePost),
      ...[...this.#tombstones.values()].map(
        ({ postId, deletedAtSeconds, version }) => `${postId} ${deletedAtSeconds} ${version}`,
      ),
      ...[...this.#authors].flatMap(([authorId, { originals, secondary, videos }]) =>
        [originals, secondary, videos].map(
          (timeline) =>
            `${authorId}: ${[...timeline.newestFirst()].map(({ postId }) => postId).join(' ')}`,
        ),
      ),
    ]
    return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
  }

  /** Now; never earlier than before, as what was trimmed cannot come back. */
  #nowSeconds(): number {
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(this.#clockMs() / 1_000))
    return this.#latestSeconds
  }

  #count(outcome: StoreOutcome): StoreOutcome {
    this.#outcomes[outcome] += 1
    return outcome
  }

  #put(post: StoredPost, nowSeconds: number): StoreOutcome {
    if (nowSeconds - post.createdAtSeconds > RETENTION_SECONDS) return 'expired'
    if (post.createdAtSeconds - nowSeconds > CLOCK_SKEW_SECONDS_MAX) return 'ahead'
    const known = this.#knownPost(post.postId, nowSeconds)
    if (known !== undefined) {
      if (post.version <= known.version) return post.version < known.version ? 'stale' : 'duplicate'
      this.#remove(known)
    }
    this.#posts.set(post.postId, post)
    const timeline = this.#authors.get(post.authorId) ?? new AuthorTimeline()
    this.#authors.set(post.authorId, timeline)
    timeline.insert(post)
    return 'applied'
  }

  #remove(post: StoredPost): void {
    this.#posts.delete(post.postId)
    const timeline = this.#authors.get(post.authorId)
    timeline?.remove(post)
    if (timeline?.isEmpty === true) this.#authors.delete(post.authorId)
  }

  /** A post was made before its deletion, so it has expired when its tombstone does. */
  #entomb(deletion: PostDeletion, nowSeconds: number): void {
    const latest = nowSeconds + CLOCK_SKEW_SECONDS_MAX
    const deletedAtSeconds = Math.min(deletion.deletedAtSeconds, latest)
    this.#tombstones.set(deletion.postId, { ...deletion, deletedAtSeconds })
  }

  #tombstoneOf(postId: PostId, nowSeconds: number): PostDeletion | undefined {
    const tombstone = this.#tombstones.get(postId)
    if (tombstone === undefined) return undefined
    const age = nowSeconds - tombstone.deletedAtSeconds
    if (age <= RETENTION_SECONDS + CLOCK_SKEW_SECONDS_MAX) return tombstone
    this.#tombstones.delete(postId)
    return undefined
  }

  /** Of the two that ask for a post, the one for writes: it removes what has expired. */
  #knownPost(postId: PostId, nowSeconds: number): StoredPost | undefined {
    const post = this.#livePost(postId, nowSeconds)
    const expired = post === undefined ? this.#posts.get(postId) : undefined
    if (expired !== undefined) this.#remove(expired)
    return post
  }

  #livePost(postId: PostId, nowSeconds: number): StoredPost | undefined {
    const post = this.#posts.get(postId)
    const isLive = post !== undefined && nowSeconds - post.createdAtSeconds <= RETENTION_SECONDS
    return isLive ? post : undefined
  }
}
