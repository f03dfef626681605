import { CREATE, DELETE, type PostColumns } from '../../src/thunder/post-columns.ts'
import { createRandom } from '../thunder/random-steps.ts'

/** Epoch ms at which the world is looked at. */
export const WORLD_NOW_MS = 1_780_000_000_000
const SPAN_MS = 172_800_000
const SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
const POSTS_PER_AUTHOR_MAX = 2_400
/** Zipf-Mandelbrot: of every 100,000 authors the median has 3 posts, all have a million. */
const RANK_OFFSET = 47
const RANK_EXPONENT = 0.965
const AUTHORS_PER_MILLION = 100_000

const ORIGINAL = 0
const REPLY = 1
const REPOST = 2
/** A parent that the store never sees. */
const OUTSIDE = -1

/** Halves of an id, as `PostColumns` has them. */
export type Pair = readonly [low: number, high: number]

/**
 * The world of speed.md: posts of 48 hours in order of time; 46 % originals, 34 % replies, 20 %
 * reposts; 30 % of the replies point outside; 2 % deleted. The same for the same count.
 */
export class ThunderWorld {
  readonly count: number
  readonly authorCount: number
  /** Rank of each post's author. */
  readonly authors: Int32Array
  /** Posts that get deleted, by index, ascending. */
  readonly deleted: Int32Array
  readonly #kinds: Uint8Array
  /** Index of what a post answers or reposts. */
  readonly #parents: Int32Array
  /** Index of a reply's conversation. */
  readonly #roots: Int32Array

  constructor(count: number) {
    const random = createRandom(11)
    this.count = count
    this.authorCount = Math.ceil((count / 1_000_000) * AUTHORS_PER_MILLION)
    this.authors = drawAuthors(count, this.authorCount, random)
    this.#kinds = new Uint8Array(count)
    this.#parents = new Int32Array(count).fill(OUTSIDE)
    this.#roots = new Int32Array(count).fill(OUTSIDE)
    for (let at = 0; at < count; at += 1) this.#drawKind(at, random)
    this.deleted = Int32Array.from(
      { length: Math.floor(count / 50) },
      (_, at) => at * 50 + Math.floor(random() * 50),
    )
  }

  /** Created evenly over the 48 hours up to `WORLD_NOW_MS`. */
  createdAtMs(index: number): number {
    return Math.floor(WORLD_NOW_MS - SPAN_MS + 1_000 + ((SPAN_MS - 2_000) * index) / this.count)
  }

  postId(index: number): Pair {
    const ms = this.createdAtMs(index) - SNOWFLAKE_EPOCH_MS
    return [((ms % 1_024) << 22) | (index & 0x3fffff), Math.floor(ms / 1_024)]
  }

  authorId(rank: number): Pair {
    return [Math.imul(rank + 1, 0x9e3779b1), 200_000_000 + (rank & 0xff)]
  }

  /**
   * Fills a batch with the creations from one index on; returns the index after the last. Past
   * `count` the world goes on with the same shapes, 48 hours later.
   */
  fillCreations(columns: PostColumns, from: number, end = this.count): number {
    const to = Math.min(end, from + columns.capacity)
    for (let index = from; index < to; index += 1) this.#fillCreation(columns, index - from, index)
    columns.count = to - from
    return to
  }

  /** The same for deletions, one of every 50 posts, each made ten minutes after its post. */
  fillDeletions(columns: PostColumns, from: number, end = this.deleted.length): number {
    const to = Math.min(end, from + columns.capacity)
    for (let at = from; at < to; at += 1) {
      const shape = at % this.deleted.length
      const rounds = (at - shape) / this.deleted.length
      const index = rounds * this.count + (this.deleted[shape] ?? 0)
      columns.kinds[at - from] = DELETE
      put(columns.postIds, at - from, this.postId(index))
      columns.atMs[at - from] = this.createdAtMs(index) + 600_000
    }
    columns.count = to - from
    return to
  }

  #fillCreation(columns: PostColumns, row: number, index: number): void {
    const shape = index % this.count
    const kind = this.#kinds[shape]
    const parent = this.#parents[shape] ?? OUTSIDE
    const root = this.#roots[shape] ?? OUTSIDE
    const none: Pair = [0, 0]
    const idOf = (of: number) =>
      of === OUTSIDE ? this.#outsideId(index) : this.postId(index - shape + of)
    const parentId = idOf(parent)
    const user = this.authorId(
      parent === OUTSIDE ? index % this.authorCount : (this.authors[parent] ?? 0),
    )
    const rootId = idOf(root)
    columns.kinds[row] = CREATE
    put(columns.postIds, row, this.postId(index))
    put(columns.authorIds, row, this.authorId(this.authors[shape] ?? 0))
    columns.atMs[row] = this.createdAtMs(index)
    put(columns.replyToPostIds, row, kind === REPLY ? parentId : none)
    put(columns.replyToUserIds, row, kind === REPLY ? user : none)
    put(columns.repostOfPostIds, row, kind === REPOST ? parentId : none)
    put(columns.repostOfUserIds, row, kind === REPOST ? user : none)
    put(columns.conversationIds, row, kind === REPLY ? rootId : none)
    columns.hasVideo[row] = index % 10 === 0 ? 1 : 0
    put(columns.versions, row, [index + 1, 0])
  }

  /** An id of before the 48 hours. */
  #outsideId(index: number): Pair {
    return [index, 100_000_000]
  }

  /** What people answer and repost is mostly recent. */
  #drawKind(at: number, random: () => number): void {
    const roll = random()
    const back = 1 + Math.floor(random() * random() * Math.min(at, 100_000))
    if (roll < 0.46 || at < 100) return
    let parent = at - back
    if (roll < 0.8) {
      this.#kinds[at] = REPLY
      if (random() < 0.3) return
      this.#parents[at] = parent
      this.#roots[at] = this.#kinds[parent] === REPLY ? (this.#roots[parent] ?? OUTSIDE) : parent
      return
    }
    while (parent > 0 && this.#kinds[parent] !== ORIGINAL) parent -= 1
    this.#kinds[at] = REPOST
    this.#parents[at] = Math.max(parent, 0)
  }
}

function put(column: Int32Array, row: number, [low, high]: Pair): void {
  column[row * 2] = low
  column[row * 2 + 1] = high
}

/** Every author's share of the posts, in random order; a small world samples the authors. */
function drawAuthors(count: number, authorCount: number, random: () => number): Int32Array {
  const drawn = new Int32Array(count)
  const ranks = Math.min(authorCount, AUTHORS_PER_MILLION)
  let at = 0
  for (let round = 0; at < count; round += 1) {
    for (let author = 0; author < authorCount && at < count; author += 1) {
      const rank = ((author % ranks) * AUTHORS_PER_MILLION) / ranks
      const popularity = ((rank + RANK_OFFSET) / RANK_OFFSET) ** -RANK_EXPONENT
      const posts = round === 0 ? Math.round(POSTS_PER_AUTHOR_MAX * popularity) : 1
      for (let post = 0; post < posts && at < count; post += 1, at += 1) drawn[at] = author
    }
  }
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const author = drawn[last] ?? 0
    drawn[last] = drawn[other] ?? 0
    drawn[other] = author
  }
  return drawn
}

/** What one read asks for, in the world's own terms. */
export interface WorldRead {
  readonly viewerId: Pair
  /** Ranks. */
  readonly follows: readonly number[]
  /** Indexes of posts. */
  readonly excluded: readonly number[]
}

/**
 * Half of the follows drawn by popularity, half evenly; 1,000 excluded posts, 300 of them among the
 * newest 1,200 of the followed authors.
 */
export function drawRead(world: ThunderWorld, follows: number, seed: number): WorldRead {
  const random = createRandom(seed)
  const followed = new Set<number>()
  for (let draw = 0; draw < world.count && followed.size < follows / 2; draw += 1) {
    followed.add(world.authors[Math.floor(random() * world.count)] ?? 0)
  }
  while (followed.size < Math.min(follows, world.authorCount)) {
    followed.add(Math.floor(random() * world.authorCount))
  }
  const newest: number[] = []
  for (let at = world.count - 1; at >= 0 && newest.length < 1_200; at -= 1) {
    if (followed.has(world.authors[at] ?? 0)) newest.push(at)
  }
  const excluded = new Set(newest.filter((_, at) => at % 4 === seed % 4))
  while (excluded.size < 1_000) excluded.add(Math.floor(random() * world.count))
  const viewerId = world.authorId(Math.floor(random() * world.authorCount))
  return { viewerId, follows: [...followed], excluded: [...excluded] }
}
