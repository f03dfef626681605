import { compareIdsDescending } from '../../src/ids.ts'

/** A post as the published store keeps it; ids are decimal text. */
export interface LightPost {
  readonly postId: string
  readonly authorId: string
  readonly createdAt: number
  readonly replyToPostId: string | null
  readonly replyToUserId: string | null
  readonly repostOfPostId: string | null
  readonly repostOfUserId: string | null
  readonly conversationId: string | null
}

interface TinyPost {
  readonly postId: string
  readonly createdAt: number
}

export interface NaiveRead {
  readonly viewerId: string
  readonly follows: readonly string[]
  readonly excluded: ReadonlySet<string>
}

const RESULTS_MAX = 1_200

/**
 * The published layout in plain TypeScript, with our semantics: one map of all posts, arrays of
 * tiny posts by author and kind, newest last, a set of deleted ids. The peer of the benchmark.
 */
export class NaiveThunderPort {
  readonly #posts = new Map<string, LightPost>()
  readonly #originals = new Map<string, TinyPost[]>()
  readonly #secondary = new Map<string, TinyPost[]>()
  readonly #deleted = new Set<string>()

  /** In order of creation. */
  insert(post: LightPost): void {
    this.#posts.set(post.postId, post)
    const isOriginal =
      post.replyToPostId === null && post.replyToUserId === null && post.repostOfPostId === null
    const timelines = isOriginal ? this.#originals : this.#secondary
    const timeline = timelines.get(post.authorId)
    const tiny = { postId: post.postId, createdAt: post.createdAt }
    if (timeline === undefined) timelines.set(post.authorId, [tiny])
    else timeline.push(tiny)
  }

  delete(postId: string): void {
    this.#posts.delete(postId)
    this.#deleted.add(postId)
  }

  read(request: NaiveRead): readonly LightPost[] {
    const followed = new Set(request.follows)
    const found: LightPost[] = []
    for (const authorId of request.follows) {
      this.#take(this.#originals.get(authorId), 50, { request, followed, found })
    }
    for (const authorId of request.follows) {
      this.#take(this.#secondary.get(authorId), 30, { request, followed, found })
    }
    found.sort((a, b) => b.createdAt - a.createdAt || compareIdsDescending(a.postId, b.postId))
    return found.slice(0, RESULTS_MAX)
  }

  #take(
    timeline: readonly TinyPost[] | undefined,
    max: number,
    read: { request: NaiveRead; followed: ReadonlySet<string>; found: LightPost[] },
  ): void {
    if (timeline === undefined) return
    const { request, followed, found } = read
    const end = found.length + max
    let scanned = 0
    for (let at = timeline.length - 1; at >= 0 && scanned < 500; at -= 1) {
      const tiny = timeline[at]
      if (tiny === undefined || request.excluded.has(tiny.postId)) continue
      const post = this.#posts.get(tiny.postId)
      if (post === undefined) continue
      const { repostOfPostId } = post
      if (repostOfPostId !== null && this.#deleted.has(repostOfPostId)) continue
      scanned += 1
      if (repostOfPostId !== null && post.repostOfUserId === request.viewerId) continue
      if (post.replyToPostId !== null && !this.#isEligible(post, followed)) continue
      found.push(post)
      if (found.length === end) return
    }
  }

  #isEligible(post: LightPost, followed: ReadonlySet<string>): boolean {
    const parent = this.#posts.get(post.replyToPostId ?? '')
    if (parent === undefined) return false
    const isReply = parent.replyToPostId !== null || parent.replyToUserId !== null
    if (!isReply && parent.repostOfPostId === null) return true
    return (
      post.conversationId !== null &&
      parent.replyToPostId === post.conversationId &&
      post.replyToUserId !== null &&
      followed.has(post.replyToUserId)
    )
  }
}
