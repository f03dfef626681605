import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemNowMs } from '../../src/clock.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { createRankedFeed } from './ranked-gateway.ts'
import type { Retrieved } from './ranked-gateway.ts'
import { FOLLOWED, serve, startSmallGateway, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

/** What one answer may cost the database, whatever its page and its pool. */
const STATEMENTS_MAX = 20
const STRANGERS_FROM = 100
const STRANGERS = 50

/** Everything that a page can show, so that nothing is left unread. */
const FEED = `query Feed($first: Int, $after: Cursor) {
  homeFeed(first: $first, after: $after) {
    edges { cursor node { id ... on PostFeedItem { post {
      databaseId text createdAt visibility { action rule }
      author { handle displayName relationship { following followedBy } }
      media { __typename } engagement { likes replies reposts quotes }
    } } } score { final } }
    pageInfo { hasNextPage endCursor }
    session { id degradation ranking { weights arms } }
  }
}`

let base: SmallGateway

beforeAll(async () => {
  base = await startSmallGateway()
  const { kysely } = base.database
  await sql`insert into users (id, handle, display_name, bio, created_at_ms, birth_year, is_protected,
      state, is_adult, sensitive_opt_in, sells_subscriptions)
    select id, 'stranger' || id, 'Stranger', '', 0, 1990, false, 'active', false, false, false
    from generate_series(${STRANGERS_FROM}::int, ${STRANGERS_FROM + STRANGERS - 1}::int) as id`.execute(
    kysely,
  )
})

afterAll(async () => {
  await base.close()
})

/** That many posts of the last day: half of them by followed accounts, half for retrieval. */
async function fill(count: number): Promise<readonly Retrieved[]> {
  const nowMs = systemNowMs()
  const posts = Array.from({ length: count }, (_, index) => {
    const isFollowed = index % 2 === 0
    const author = isFollowed
      ? (FOLLOWED[(index / 2) % FOLLOWED.length] ?? '')
      : String(STRANGERS_FROM + (index % STRANGERS))
    const id = String(50_000_000 + index)
    return { id, author, createdAtMs: nowMs - (index + 1) * 30_000, isFollowed }
  })
  await sql`insert into posts (id, author_id, created_at_ms, text, subscribers_only, sensitive)
    select id, author_id, created_at_ms, 'Post ' || id, false, false
    from unnest(${posts.map(({ id }) => id)}::bigint[],
      ${posts.map(({ author }) => author)}::bigint[],
      ${posts.map(({ createdAtMs }) => createdAtMs)}::bigint[]) as given (id, author_id,
      created_at_ms)
    on conflict do nothing`.execute(base.database.kysely)
  for (const { id, author, createdAtMs, isFollowed } of posts) {
    if (!isFollowed) continue
    base.thunder.insert({
      postId: trustPostId(id),
      authorId: trustUserId(author),
      createdAtSeconds: Math.floor(createdAtMs / 1000),
      replyToPostId: null,
      replyToUserId: null,
      repostOfPostId: null,
      repostOfUserId: null,
      conversationId: null,
      hasVideo: false,
      version: 0n,
    })
  }
  return posts.filter(({ isFollowed }) => !isFollowed)
}

it.each([
  ['a small pool', 100],
  ['a pool of 2,000', 2_000],
])('costs the same statements for a page of 20 and of 100, and for %s', async (_title, count) => {
  const retrieved = await fill(count)
  const gateway = await serve(base, { homeFeed: createRankedFeed(base, retrieved) })
  const costOf = async (variables: object) => {
    const before = base.database.statementCount()
    const answer = await gateway.ask(FEED, {
      variables: { ...variables },
      headers: { 'x-viewer-id': VIEWER, 'x-viewer-roles': 'DEBUGGER' },
    })
    expect(answer.errors).toBeUndefined()
    return { page: answer.data.homeFeed, statements: base.database.statementCount() - before }
  }
  for (const first of [20, 100]) {
    const opened = await costOf({ first })
    expect(opened.page.session.degradation).toEqual([])
    expect(opened.page.edges).toHaveLength(first)
    expect(opened.statements).toBeLessThanOrEqual(STATEMENTS_MAX)
    const later = await costOf({ first, after: opened.page.pageInfo.endCursor })
    expect(later.page.edges.length).toBeGreaterThan(0)
    expect(later.statements).toBeLessThanOrEqual(STATEMENTS_MAX)
    await sql`delete from served`.execute(base.database.kysely)
  }
  await gateway.close()
})
