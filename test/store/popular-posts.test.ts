import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPopularPosts, type PopularPostsOptions } from '../../src/store/popular-posts.ts'
import { describeEngines, openTestDatabase, type TestDatabase } from '../postgres.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000
const OPTIONS: PopularPostsOptions = {
  windowMs: 48 * HOUR_MS,
  halfLifeMs: 6 * HOUR_MS,
  postsMax: 10,
  postsPerAuthorMax: 2,
  keptMs: 60_000,
}

interface Written {
  readonly id: number
  readonly author?: number
  readonly hoursAgo?: number
  readonly likes: number
  readonly parent?: number
  readonly deleted?: true
  readonly exclusive?: true
}

const POSTS: readonly Written[] = [
  { id: 1, likes: 10 },
  { id: 2, likes: 30, hoursAgo: 6 },
  { id: 3, likes: 99, author: 8 },
  { id: 4, likes: 99, hoursAgo: 49 },
  { id: 5, likes: 99, parent: 1 },
  { id: 6, likes: 99, deleted: true },
  { id: 7, likes: 99, exclusive: true },
  { id: 8, likes: 0 },
  { id: 9, likes: 10, author: 9 },
  { id: 10, likes: 11, hoursAgo: -1 },
  { id: 11, likes: 1 },
]

describeEngines('what is popular', (engine) => {
  let opened: TestDatabase

  async function write({ id, author = 7, hoursAgo = 0, likes, ...more }: Written): Promise<void> {
    await sql`
      insert into posts (id, author_id, created_at_ms, text, reply_to_post_id, subscribers_only,
        sensitive, deleted_at_ms)
      values (${id}, ${author}, ${NOW_MS - hoursAgo * HOUR_MS}, 'x', ${more.parent ?? null},
        ${more.exclusive ?? false}, false, ${more.deleted ? NOW_MS : null})`.execute(
      opened.database.kysely,
    )
    await sql`insert into post_counts (post_id, likes) values (${id}, ${likes})`.execute(
      opened.database.kysely,
    )
  }

  beforeAll(async () => {
    opened = await openTestDatabase(engine)
    for (const [id, isProtected] of [
      [7, false],
      [8, true],
      [9, false],
    ] as const) {
      await sql`
        insert into users (id, handle, display_name, bio, created_at_ms, is_protected, state,
          is_adult, sensitive_opt_in, sells_subscriptions)
        values (${id}, ${`u${id}`}, 'U', '', 1, ${isProtected}, 'active', true, false,
          false)`.execute(opened.database.kysely)
    }
    for (const post of POSTS) await write(post)
  })
  afterAll(() => opened.close())

  it('is what anyone may read, by actions halved every six hours, few an author', async () => {
    const posts = await createPopularPosts(opened.database, OPTIONS).popularPosts(NOW_MS)
    // 2 is worth 15; 9 and 1 are worth 10, the larger id first; 11 is the author's third.
    expect(posts.map(({ postId }) => postId)).toEqual(['2', '9', '1'])
    expect(posts[1]).toEqual({ postId: '9', authorId: '9', createdAtMs: NOW_MS })
  })

  it('is read once a minute for all', async () => {
    const popular = createPopularPosts(opened.database, OPTIONS)
    const before = opened.database.statementCount()
    await Promise.all([popular.popularPosts(NOW_MS), popular.popularPosts(NOW_MS + 1)])
    await popular.popularPosts(NOW_MS + 59_999)
    expect(opened.database.statementCount() - before).toBe(1)
    await popular.popularPosts(NOW_MS + 60_000)
    expect(opened.database.statementCount() - before).toBe(2)
  })
})
