import { sql } from 'kysely'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { Database } from './database.ts'

export interface PopularPost {
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
}

export interface PopularPostsOptions {
  /** ms: older posts do not count. */
  readonly windowMs: number
  /** ms after which an action counts half. */
  readonly halfLifeMs: number
  readonly postsMax: number
  readonly postsPerAuthorMax: number
  /** ms that an answer is good for: it is the same for everybody. */
  readonly keptMs: number
}

/** What most people act on at the moment. */
export interface PopularPosts {
  /** Most popular first. Rejects when the database cannot be read. */
  popularPosts(nowMs: number): Promise<readonly PopularPost[]>
}

interface PopularRow {
  readonly id: string
  readonly author_id: string
  readonly created_at_ms: string
}

/**
 * Originals and quotes that anyone may read, by likes + 2 replies + 2 reposts, halved every
 * half-life. Read once for all who ask within `keptMs`.
 */
export function createPopularPosts(database: Database, options: PopularPostsOptions): PopularPosts {
  const { windowMs, halfLifeMs, postsMax, postsPerAuthorMax, keptMs } = options
  let kept: Promise<readonly PopularPost[]> | null = null
  let keptUntilMs = 0

  async function read(nowMs: number): Promise<readonly PopularPost[]> {
    const { rows } = await sql<PopularRow>`
      select id, author_id, created_at_ms from (
        select scored.*, row_number() over (partition by author_id order by worth desc, id desc)
          as place
        from (
          select p.id, p.author_id, p.created_at_ms,
            (c.likes + 2 * greatest(c.reply_actions, c.reply_posts)
              + 2 * greatest(c.repost_actions, c.repost_posts))
            * power(0.5, (${nowMs}::bigint - p.created_at_ms)::float8 / ${halfLifeMs}::float8)
              as worth
          from posts p
          join post_counts c on c.post_id = p.id
          join users u on u.id = p.author_id
          where p.created_at_ms between ${nowMs - windowMs} and ${nowMs}
            and p.deleted_at_ms is null and p.reply_to_post_id is null
            and p.repost_of_post_id is null and not p.subscribers_only
            and u.state = 'active' and not u.is_protected
        ) scored
        where worth > 0
      ) placed
      where place <= ${postsPerAuthorMax}
      order by worth desc, id desc limit ${postsMax}`.execute(database.kysely)
    return rows.map((row) => ({
      postId: trustPostId(row.id),
      authorId: trustUserId(row.author_id),
      createdAtMs: Number(row.created_at_ms),
    }))
  }

  return {
    popularPosts(nowMs) {
      if (kept === null || nowMs >= keptUntilMs) {
        const reading = read(nowMs)
        kept = reading
        keptUntilMs = nowMs + keptMs
        // A failure is everybody's who waits for it, but nobody's after that.
        reading.catch(() => {
          if (kept === reading) kept = null
        })
      }
      return kept
    },
  }
}
