import { AuthorTable } from './author-table.ts'
import { ChildReflagger } from './child-reflagger.ts'
import { toHead } from './entry-head.ts'
import type { PostColumns } from './post-columns.ts'
import { FIRST_LINK, PostLinks, SECOND_LINK } from './post-links.ts'
import {
  HAS_VIDEO,
  HOT_AUTHOR,
  HOT_HEAD,
  HOT_SIZE,
  IS_LIVE,
  IS_REPLY,
  IS_REPOST,
  IS_TOMBSTONE,
  PostSlots,
} from './post-slots.ts'
import { flagsOf, repostLinkOf, type PostGraph } from './reply-flags.ts'
import { SecondRing } from './second-ring.ts'
import { POSTS_MAX_LIMIT } from './thunder.params.ts'
import { Timelines } from './timelines.ts'

/** Slots beside two a post: a store with a small bound still has to know what posts refer to. */
const SLOTS_SPARE = 1_024

/**
 * All that the store holds, in typed arrays, and the few moves that keep the parts in step: a post
 * is live (in its author's timeline, in the ring of its second, linked to its parents), or a
 * tombstone (in the ring of its deletion), or a mere name (because a live post refers to it).
 * Decides nothing: which event wins is the writer's business.
 */
export class PostTable implements PostGraph {
  readonly authors: AuthorTable
  readonly slots: PostSlots
  readonly links: PostLinks
  readonly timelines: Timelines
  /** Live posts by the second of their creation. */
  readonly posts: SecondRing
  /** Tombstones by the second of the deletion. */
  readonly tombstones: SecondRing
  readonly #children: ChildReflagger
  readonly #postsMax: number
  #evicted = 0
  #published = 0

  /** @throws {RangeError} for a bound that is not from 1 to `POSTS_MAX_LIMIT`. */
  constructor(postsMax: number, childrenPerCallMax: number) {
    if (!Number.isInteger(postsMax) || postsMax < 1 || postsMax > POSTS_MAX_LIMIT) {
      throw new RangeError(`a store can hold 1 to ${POSTS_MAX_LIMIT} posts, not ${postsMax}`)
    }
    const slots = postsMax * 2 + SLOTS_SPARE
    this.#postsMax = postsMax
    this.authors = new AuthorTable(Math.max(postsMax, SLOTS_SPARE))
    this.slots = new PostSlots(slots)
    this.links = new PostLinks(slots)
    // Blocks are at least a quarter full, new ones half, whatever the lengths.
    this.timelines = new Timelines(this.authors, this.slots, postsMax * 4 + SLOTS_SPARE)
    this.#children = new ChildReflagger(this, this.timelines, childrenPerCallMax)
    this.posts = new SecondRing(this.slots.hot)
    this.tombstones = new SecondRing(this.slots.hot)
  }

  /** Posts that went before their time, because there were too many. */
  get evicted(): number {
    return this.#evicted
  }

  /** Whether flags in timelines may be out of date; `flagsOf` is not. */
  get isBehind(): boolean {
    return this.#children.isBehind
  }

  /** Posts that ever became live. */
  get published(): number {
    return this.#published
  }

  get isFull(): boolean {
    return this.posts.count >= this.#postsMax
  }

  /** Counts a post that is older than all in a full store. */
  refuse(): void {
    this.#evicted += 1
  }

  /** The slot of an id, given now if need be. */
  ensureSlot(low: number, high: number): number {
    const known = this.slots.find(low, high)
    if (known !== 0) return known
    while (this.slots.isFull) this.#evictOldest()
    return this.slots.add(low, high)
  }

  /** Makes a slot without state a live post, by a row of a batch. */
  publish(slot: number, columns: PostColumns, row: number): void {
    const { hot } = this.slots
    const seconds = Math.floor((columns.atMs[row] ?? 0) / 1_000)
    this.#setFacts(slot, columns, row)
    const second = toHead(seconds)
    // What goes to make room may be a parent: flags are made anew.
    do hot[slot * HOT_SIZE + HOT_HEAD] = second | flagsOf(this, slot)
    while (!this.timelines.insert(slot) && this.#evictOldest())
    this.posts.append(slot, seconds)
    this.#published += 1
    this.#children.reflagChildren(slot)
    while (this.posts.count > this.#postsMax) this.#evictOldest()
  }

  /** Takes a live post out of everything; its slot stays, without state. */
  withdraw(slot: number): void {
    const { slots } = this
    const state = slots.states[slot] ?? 0
    this.timelines.remove(slot)
    this.posts.remove(slot)
    if ((state & (IS_REPLY | IS_REPOST)) !== 0) this.#unlink(slot * 2 + FIRST_LINK)
    if (repostLinkOf(state) === SECOND_LINK && (state & IS_REPOST) !== 0) {
      this.#unlink(slot * 2 + SECOND_LINK)
    }
    slots.states[slot] = 0
    slots.hot[slot * HOT_SIZE + HOT_AUTHOR] = 0
  }

  /** Lets a slot go that has lost its state: its children learn of it, its id may be forgotten. */
  settle(slot: number): void {
    this.#children.reflagChildren(slot)
    this.#freeIfUnused(slot)
  }

  /** Makes a slot without state a tombstone; its version is copied from the row. */
  entomb(slot: number, seconds: number): void {
    this.slots.states[slot] = IS_TOMBSTONE
    this.slots.hot[slot * HOT_SIZE + HOT_HEAD] = toHead(seconds)
    this.tombstones.append(slot, seconds)
    this.#children.reflagChildren(slot)
    while (this.tombstones.count > this.#postsMax) {
      const oldest = this.tombstones.oldest()
      this.unearth(oldest)
      this.settle(oldest)
    }
  }

  /** Takes the state of a tombstone away; its children are not told yet. */
  unearth(slot: number): void {
    this.tombstones.remove(slot)
    this.slots.states[slot] = 0
  }

  copyVersion(slot: number, columns: PostColumns, row: number): void {
    this.slots.setVersion(slot, columns.versions[row * 2] ?? 0, columns.versions[row * 2 + 1] ?? 0)
  }

  /**
   * Removes posts created before one second and tombstones from before another, oldest first, at
   * most so many. Returns how many; fewer than the limit = all done.
   */
  sweep(postsBefore: number, tombstonesBefore: number, limit: number): number {
    let swept = 0
    for (; swept < limit && this.posts.oldestSeconds() < postsBefore; swept += 1) {
      this.#drop(this.posts.oldest())
    }
    for (; swept < limit && this.tombstones.oldestSeconds() < tombstonesBefore; swept += 1) {
      const slot = this.tombstones.oldest()
      this.unearth(slot)
      this.settle(slot)
    }
    return swept
  }

  /** Goes on telling the children of a changed post; false = there is nothing left to do. */
  proceed(): boolean {
    return this.#children.proceed()
  }

  #drop(slot: number): void {
    this.withdraw(slot)
    this.settle(slot)
  }

  /** Always true, or it throws: with nothing left to evict the arrays are too small by mistake. */
  #evictOldest(): true {
    const slot = this.posts.oldest()
    if (slot === 0) throw new Error('the post table is full though it holds no post')
    this.#drop(slot)
    this.#evicted += 1
    return true
  }

  #setFacts(slot: number, columns: PostColumns, row: number): void {
    const { slots, authors } = this
    const low = row * 2
    const high = low + 1
    const { replyToPostIds, replyToUserIds, repostOfPostIds, repostOfUserIds } = columns
    const isReply =
      ((replyToPostIds[low] ?? 0) | (replyToPostIds[high] ?? 0)) !== 0 ||
      ((replyToUserIds[low] ?? 0) | (replyToUserIds[high] ?? 0)) !== 0
    const isRepost = ((repostOfPostIds[low] ?? 0) | (repostOfPostIds[high] ?? 0)) !== 0
    const state =
      IS_LIVE |
      (isReply ? IS_REPLY : 0) |
      (isRepost ? IS_REPOST : 0) |
      (columns.hasVideo[row] === 1 ? HAS_VIDEO : 0)
    slots.states[slot] = state
    slots.conversations[slot * 2] = columns.conversationIds[low] ?? 0
    slots.conversations[slot * 2 + 1] = columns.conversationIds[high] ?? 0
    this.copyVersion(slot, columns, row)
    slots.hot[slot * HOT_SIZE + HOT_AUTHOR] = authors.intern(
      columns.authorIds[low] ?? 0,
      columns.authorIds[high] ?? 0,
    )
    if (isReply) {
      this.#link(slot * 2 + FIRST_LINK, replyToPostIds, row)
      this.#name(slot * 2 + FIRST_LINK, replyToUserIds, row)
    }
    if (isRepost) {
      this.#link(slot * 2 + repostLinkOf(state), repostOfPostIds, row)
      this.#name(slot * 2 + repostLinkOf(state), repostOfUserIds, row)
    }
  }

  #link(link: number, parentIds: Int32Array, row: number): void {
    const low = parentIds[row * 2] ?? 0
    const high = parentIds[row * 2 + 1] ?? 0
    if ((low | high) !== 0) this.links.attach(link, this.ensureSlot(low, high))
  }

  #name(link: number, userIds: Int32Array, row: number): void {
    const low = userIds[row * 2] ?? 0
    const high = userIds[row * 2 + 1] ?? 0
    if ((low | high) === 0) return
    // Nearly always the parent's author, whose row the flags need anyway.
    const parent = this.links.parentOf(link >>> 1, link & 1)
    const author = this.slots.hot[parent * HOT_SIZE + HOT_AUTHOR] ?? 0
    const { ids } = this.authors
    const isAuthor = author !== 0 && ids[author * 2] === low && ids[author * 2 + 1] === high
    this.links.setUser(link, isAuthor ? author : this.authors.intern(low, high))
  }

  #unlink(link: number): void {
    if (this.#children.isBehind) this.#children.leave(link)
    const parent = this.links.detach(link)
    if (parent !== 0) this.#freeIfUnused(parent)
  }

  #freeIfUnused(slot: number): void {
    if (this.slots.states[slot] === 0 && this.links.firstChildOf(slot) === 0) this.slots.free(slot)
  }
}
