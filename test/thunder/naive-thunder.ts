import type { PostId } from '../../src/ids.ts'
import type { PostDeletion } from '../../src/thunder/post-store.ts'
import type { StoredPost } from '../../src/thunder/stored-post.ts'
import type { RecentPostsRequest } from '../../src/thunder/thunder.ts'

const HOURS_48 = 48 * 60 * 60

/** The oracle: no index, no caches, every read looks at everything. Ids of the answer. */
export class NaiveThunder {
  posts: StoredPost[] = []
  deletions: PostDeletion[] = []
  now = 0

  constructor(readonly postsMax: number) {}

  tick(nowSeconds: number) {
    this.now = Math.max(this.now, nowSeconds)
    this.posts = this.posts.filter((post) => this.now - post.createdAtSeconds <= HOURS_48)
    this.deletions = this.deletions.filter((d) => this.now - d.deletedAtSeconds <= HOURS_48 + 60)
  }

  create(post: StoredPost) {
    if (!this.isGone(post.postId)) this.put(post)
  }

  put(post: StoredPost) {
    if (this.now - post.createdAtSeconds > HOURS_48) return
    if (post.createdAtSeconds > this.now + 60) return
    const known = this.find(post.postId)
    if (known !== undefined && known.version >= post.version) return
    this.posts = [...this.posts.filter((other) => other !== known), post]
    this.bound()
  }

  /** The oldest second goes first, of one second what came first. */
  bound() {
    const oldestFirst = this.posts.toSorted((a, b) => a.createdAtSeconds - b.createdAtSeconds)
    const gone = new Set(oldestFirst.slice(0, Math.max(0, this.posts.length - this.postsMax)))
    this.posts = this.posts.filter((post) => !gone.has(post))
    const tooMany = Math.max(0, this.deletions.length - this.postsMax)
    const forgotten = this.deletions.toSorted((a, b) => a.deletedAtSeconds - b.deletedAtSeconds)
    const lost = new Set(forgotten.slice(0, tooMany))
    this.deletions = this.deletions.filter((deletion) => !lost.has(deletion))
  }

  delete(deletion: PostDeletion) {
    const post = this.find(deletion.postId)
    const gone = this.deletions.find(({ postId }) => postId === deletion.postId)
    if (post && deletion.version !== 0n && deletion.version < post.version) return
    if (gone && (gone.version === 0n || gone.version >= deletion.version)) return
    this.posts = this.posts.filter(({ postId }) => postId !== deletion.postId)
    this.deletions = this.deletions.filter((other) => other !== gone)
    const deletedAtSeconds = Math.min(deletion.deletedAtSeconds, this.now + 60)
    this.deletions.push({ ...deletion, deletedAtSeconds })
    this.tick(this.now)
    this.bound()
  }

  restore(post: StoredPost) {
    const gone = this.deletions.find(({ postId }) => postId === post.postId)
    const isVersioned = post.version !== 0n && gone?.version !== 0n
    if (gone && isVersioned && gone.version >= post.version) return
    this.deletions = this.deletions.filter((other) => other !== gone)
    this.put(post)
  }

  read({ viewerId, authorIds, excludedPostIds, resultsMax, kind }: RecentPostsRequest): PostId[] {
    const follows = [...new Set(authorIds)]
    const isReply = (p: StoredPost) => p.replyToPostId !== null || p.replyToUserId !== null
    const isRepost = (p: StoredPost) => p.repostOfPostId !== null
    const repliesWell = (p: StoredPost) => {
      if (p.replyToPostId === null) return true
      const parent = this.find(p.replyToPostId)
      if (parent === undefined) return false
      if (!isReply(parent) && !isRepost(parent)) return true
      const isSecondLevel = p.conversationId && parent.replyToPostId === p.conversationId
      return Boolean(isSecondLevel && follows.some((id) => id === p.replyToUserId))
    }
    const showsVideo = (p: StoredPost) => {
      const original = p.repostOfPostId ? this.find(p.repostOfPostId) : undefined
      return !isReply(p) && (p.hasVideo || (original?.hasVideo === true && !isReply(original)))
    }
    const take = (isOfKind: (p: StoredPost) => boolean, max: number) =>
      follows.flatMap((author) =>
        this.sorted()
          .filter((p) => p.authorId === author && isOfKind(p) && !excludedPostIds.has(p.postId))
          .filter((p) => p.repostOfPostId === null || !this.isGone(p.repostOfPostId))
          .slice(0, 500)
          .filter((p) => !isRepost(p) || p.repostOfUserId !== viewerId)
          .filter((p) => kind === 'videos' || repliesWell(p))
          .slice(0, max),
      )
    const isSecondary = (p: StoredPost) => isReply(p) || isRepost(p)
    const taken = new Set(
      kind === 'videos'
        ? take(showsVideo, 100)
        : [...take((p) => !isSecondary(p), 50), ...take(isSecondary, 30)],
    )
    const max = kind === 'videos' ? 600 : 1200
    const answer = this.sorted().filter((post) => taken.has(post))
    return answer.slice(0, Math.min(resultsMax || max, max)).map(({ postId }) => postId)
  }

  sorted() {
    const compare = (a: StoredPost, b: StoredPost) =>
      b.createdAtSeconds - a.createdAtSeconds || (BigInt(a.postId) < BigInt(b.postId) ? 1 : -1)
    return [...this.posts].sort(compare)
  }

  find = (postId: PostId) => this.posts.find((post) => post.postId === postId)
  isGone = (postId: PostId) => this.deletions.some((deletion) => deletion.postId === postId)
}
