import { compareNewestFirst, isReply, isRepost, type StoredPost } from './stored-post.ts'

/** Posts of one author and kind, newest at the end, in order whatever the order of arrival. */
class Timeline {
  readonly #posts: StoredPost[] = []

  get length(): number {
    return this.#posts.length
  }

  /** How many posts are older than this one: its place. */
  #placeOf(post: StoredPost): number {
    let low = 0
    let high = this.#posts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#posts[middle]
      if (other !== undefined && compareNewestFirst(other, post) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The usual newest post costs a comparison and a push. */
  insert(post: StoredPost): void {
    const newest = this.#posts.at(-1)
    if (newest === undefined || compareNewestFirst(newest, post) > 0) this.#posts.push(post)
    else this.#posts.splice(this.#placeOf(post), 0, post)
  }

  remove(post: StoredPost): void {
    const place = this.#placeOf(post)
    if (this.#posts[place] === post) this.#posts.splice(place, 1)
  }

  /** Takes out and returns what was created before a second. */
  takeOlderThan(seconds: number): readonly StoredPost[] {
    const kept = this.#posts.findIndex((post) => post.createdAtSeconds >= seconds)
    return this.#posts.splice(0, kept === -1 ? this.#posts.length : kept)
  }

  *newestFirst(): IterableIterator<StoredPost> {
    for (let place = this.#posts.length - 1; place >= 0; place -= 1) {
      const post = this.#posts[place]
      if (post !== undefined) yield post
    }
  }
}

/** The three timelines of one author. */
export class AuthorTimeline {
  /** Neither reply nor repost. */
  readonly originals = new Timeline()
  /** Replies and reposts. */
  readonly secondary = new Timeline()
  /**
   * What may be a video post, beside its place above: own videos and all reposts. Whether a repost
   * shows a video depends on its original, which may come later: reads ask then.
   */
  readonly videos = new Timeline()

  get isEmpty(): boolean {
    return this.originals.length + this.secondary.length === 0
  }

  insert(post: StoredPost): void {
    for (const timeline of this.#timelinesOf(post)) timeline.insert(post)
  }

  remove(post: StoredPost): void {
    for (const timeline of this.#timelinesOf(post)) timeline.remove(post)
  }

  /** Takes out what was created before a second; returns each post once. */
  takeOlderThan(seconds: number): readonly StoredPost[] {
    this.videos.takeOlderThan(seconds)
    return [...this.originals.takeOlderThan(seconds), ...this.secondary.takeOlderThan(seconds)]
  }

  #timelinesOf(post: StoredPost): readonly Timeline[] {
    const main = isReply(post) || isRepost(post) ? this.secondary : this.originals
    const mayShowVideo = !isReply(post) && (post.hasVideo || isRepost(post))
    return mayShowVideo ? [main, this.videos] : [main]
  }
}

export type { Timeline }
