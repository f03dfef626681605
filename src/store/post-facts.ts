import type { PostId, TopicId } from '../ids.ts'
import { FactCache, type FactCacheStats } from './fact-cache.ts'
import type { MediaRecord, PostRecord } from './records.ts'

/** Posts whose facts are kept: about 1.5 KB each. Ours, a guess. */
const POSTS_MAX = 50_000
/** Source: hydrators.md and pipeline.md 4, proposed there. */
const POST_TTL_MS = 300_000
const SETTLE_MS = 60_000

export interface PostFactsOptions {
  /** Epoch ms. */
  now(): number
  /** Whether changes are heard of at the moment: without, nothing that is kept is trusted. */
  isTrusted(): boolean
}

/**
 * What posts say and show, kept across requests: most candidates of a request were candidates of
 * the one before. Only what its author wrote. Accounts, blocks, labels and takedowns are read anew
 * each time. A deletion arrives by `forget`, as it arrives in Thunder.
 */
export class PostFacts {
  readonly media: FactCache<PostId, readonly MediaRecord[]>
  readonly topics: FactCache<PostId, readonly TopicId[]>
  readonly #posts: FactCache<PostId, PostRecord>
  readonly #isTrusted: () => boolean

  constructor({ now, isTrusted }: PostFactsOptions) {
    const ofPost = { entriesMax: POSTS_MAX, ttlMs: POST_TTL_MS, settleMs: SETTLE_MS, now }
    this.#posts = new FactCache(ofPost)
    this.media = new FactCache(ofPost)
    this.topics = new FactCache(ofPost)
    this.#isTrusted = isTrusted
  }

  get isTrusted(): boolean {
    return this.#isTrusted()
  }

  /** A repost's record holds its original's text, so it is good only while that one is kept too. */
  readonly posts = {
    get: (id: PostId): PostRecord | undefined => {
      const post = this.#posts.get(id)
      if (post === undefined || post.repostOfPostId === null) return post
      return this.#posts.has(post.repostOfPostId) ? post : undefined
    },
    keep: (id: PostId, post: PostRecord): void => this.#posts.keep(id, post),
  }

  /** A post was edited, deleted or restored. */
  forget(id: PostId): void {
    this.#posts.forget(id)
    this.media.forget(id)
    this.topics.forget(id)
  }

  stats(): Readonly<Record<'posts' | 'media' | 'topics', FactCacheStats>> {
    return {
      posts: this.#posts.stats(),
      media: this.media.stats(),
      topics: this.topics.stats(),
    }
  }
}
