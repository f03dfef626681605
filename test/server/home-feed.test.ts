import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Selected } from '../world.ts'
import {
  CURSOR_KEY,
  FOLLOWED,
  OTHER_VIEWER,
  POSTS_PER_AUTHOR,
  postIdOf,
  serve,
  startSmallGateway,
  VIEWER,
} from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const FEED = `query Feed($first: Int, $after: Cursor, $filter: FeedFilterInput,
    $context: FeedRequestContextInput) {
  homeFeed(first: $first, after: $after, filter: $filter, context: $context) {
    edges { cursor position node { id ... on PostFeedItem {
      post { databaseId text visibility { action } author { handle relationship { following } } }
    } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    session { id requestId kind continuity rankedAt expiresAt degradation degradedDependencies
      ranking { algorithm model weights } }
  }
}`
const ALL = FOLLOWED.length * POSTS_PER_AUTHOR

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
})

afterAll(async () => {
  await gateway.close()
})

async function pageOf(
  variables: Record<string, unknown>,
  { viewerId = VIEWER, from = gateway }: { viewerId?: string; from?: SmallGateway } = {},
): Promise<Selected> {
  const answer = await from.ask(FEED, { variables, headers: { 'x-viewer-id': viewerId } })
  expect(answer.errors).toBeUndefined()
  return answer.data.homeFeed
}

async function errorOf(variables: Record<string, unknown>, viewerId = VIEWER) {
  const answer = await gateway.ask(FEED, { variables, headers: { 'x-viewer-id': viewerId } })
  expect(answer.data).toBeNull()
  return answer.errors?.[0]
}

async function forgetServed(): Promise<void> {
  await sql`delete from served`.execute(gateway.database.kysely)
}

const idsOf = (page: Selected): string[] => page.edges.map((edge: Selected) => edge.node.id)

describe('a first page', () => {
  it('is 20 posts, says what is degraded, and counts as served', async () => {
    await forgetServed()
    const page = await pageOf({})
    expect(page.edges).toHaveLength(20)
    expect(page.edges.map((edge: Selected) => edge.position)).toEqual([...Array(20).keys()])
    expect(page.edges[0].node.post.author.relationship).toEqual({ following: true })
    expect(page.session).toMatchObject({
      kind: 'HOME',
      continuity: 'NEW',
      degradation: ['RULES_ONLY', 'IN_NETWORK_ONLY', 'ENRICHMENT_MISSING'],
      degradedDependencies: ['phoenix-ranking', 'phoenix-retrieval'],
      ranking: { algorithm: 'rules', model: 'none' },
    })
    expect(page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const { rows } = await sql<{ post_id: string }>`
      select post_id from served where viewer_id = ${VIEWER} order by position`.execute(
      gateway.database.kysely,
    )
    expect(rows.map((row) => `item:post:${row.post_id}`)).toEqual(idsOf(page))
  })

  it('leaves out what the client has on screen', async () => {
    await forgetServed()
    const [first, second] = idsOf(await pageOf({ first: 2 }, { viewerId: OTHER_VIEWER }))
    await forgetServed()
    const context = { alsoSeenPostIds: [first], countryCode: 'DE', refreshReason: 'LAUNCH' }
    const page = await pageOf({ first: 1, context }, { viewerId: OTHER_VIEWER })
    expect(idsOf(page)).toEqual([second])
  })
})

describe('walking a feed', () => {
  it('never repeats and finds everything, whatever the sizes of its pages', async () => {
    const seed = Math.floor(Math.random() * 1e9)
    let state = seed
    const random = (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return state / 2 ** 31
    }
    await forgetServed()
    const seen = new Set<string>()
    const cursors = new Set<string>()
    let after: string | null = null
    for (let hasNextPage = true; hasNextPage;) {
      const page: Selected = await pageOf({ first: 1 + Math.floor(random() * 40), after })
      for (const edge of page.edges) {
        expect(seen, `seed ${seed}`).not.toContain(edge.node.id)
        seen.add(edge.node.id)
        expect(cursors).not.toContain(edge.cursor)
        cursors.add(edge.cursor)
        expect(edge.cursor.length).toBeLessThanOrEqual(160)
      }
      after = page.pageInfo.endCursor
      hasNextPage = page.pageInfo.hasNextPage && (page.edges.length > 0 || seen.size < ALL)
    }
    expect(seen.size).toBe(ALL)
  })

  it('answers a repeated request alike and counts it once', async () => {
    await forgetServed()
    const first = await pageOf({ first: 5 })
    const { endCursor } = first.pageInfo
    const pages = await Promise.all([1, 2].map(() => pageOf({ first: 5, after: endCursor })))
    expect(idsOf(pages[0])).toEqual(idsOf(pages[1]))
    expect(pages[0].session).toMatchObject({ id: first.session.id, continuity: 'CONTINUED' })
    const { rows } = await sql`select 1 from served`.execute(gateway.database.kysely)
    expect(rows).toHaveLength(10)
  })

  it('passes over what was deleted, blocked or muted since, and stays full', async () => {
    await forgetServed()
    const { kysely } = gateway.database
    const first = await pageOf({ first: 5 })
    const expected = await pageOf({ first: 10, after: first.pageInfo.endCursor })
    const [gone] = expected.edges.map((edge: Selected) => edge.node.post.databaseId)
    const handle = expected.edges[1].node.post.author.handle
    const blocked = handle.replace('User', '')
    await sql`update posts set deleted_at_ms = 1 where id = ${gone}`.execute(kysely)
    await sql`insert into blocks (user_id, target_id) values (${VIEWER}, ${blocked})`.execute(
      kysely,
    )
    try {
      const page = await pageOf({ first: 10, after: first.pageInfo.endCursor })
      expect(page.edges).toHaveLength(10)
      expect(idsOf(page)).not.toContain(`item:post:${gone}`)
      const handles = page.edges.map((edge: Selected) => edge.node.post.author.handle)
      expect(handles).not.toContain(handle)
    } finally {
      await sql`update posts set deleted_at_ms = null where id = ${gone}`.execute(kysely)
      await sql`delete from blocks`.execute(kysely)
    }
  })

  it('goes on after its session was lost, without what it served', async () => {
    await forgetServed()
    const first = await pageOf({ first: 10 })
    const restarted = await serve(gateway)
    try {
      const after = first.pageInfo.endCursor
      const second = await pageOf({ first: 10, after }, { from: restarted })
      expect(second.session).toMatchObject({
        id: first.session.id,
        continuity: 'REBUILT_AFTER_EXPIRY',
      })
      expect(second.edges.map((edge: Selected) => edge.position)).toEqual(
        [...Array(10).keys()].map((index) => index + 10),
      )
      expect(idsOf(second).filter((id) => idsOf(first).includes(id))).toEqual([])
      const third = await pageOf(
        { first: 5, after: second.pageInfo.endCursor },
        { from: restarted },
      )
      expect(third.session.continuity).toBe('CONTINUED')
    } finally {
      await restarted.close()
    }
  })

  it('takes cursors of an older key while it signs with a new one', async () => {
    const first = await pageOf({ first: 3 })
    const renewed = await serve(gateway, {
      cursorKeys: ['another key of the tests, long enough', CURSOR_KEY],
    })
    try {
      await pageOf({ first: 3, after: first.pageInfo.endCursor }, { from: renewed })
    } finally {
      await renewed.close()
    }
  })
})

describe('bad input names its field', () => {
  it.each([0, -1, 101])('first: %i', async (first) => {
    expect(await errorOf({ first })).toMatchObject({
      message: expect.stringContaining('`first`'),
      extensions: { code: 'BAD_USER_INPUT', field: 'first' },
    })
  })

  it('a cursor that is forged, of another viewer or of another filter', async () => {
    const { endCursor } = (await pageOf({ first: 2 })).pageInfo
    const invalid = { extensions: { code: 'FEED_CURSOR_INVALID', field: 'after' } }
    const flipped = `${endCursor.slice(0, -2)}${endCursor.endsWith('AA') ? 'BB' : 'AA'}`
    expect(await errorOf({ after: flipped })).toMatchObject(invalid)
    expect(await errorOf({ after: 'made up' })).toMatchObject(invalid)
    expect(await errorOf({ after: '' })).toMatchObject(invalid)
    expect(await errorOf({ after: endCursor }, OTHER_VIEWER)).toMatchObject(invalid)
    expect(await errorOf({ after: endCursor, filter: { mediaOnly: true } })).toMatchObject(invalid)
    expect((await pageOf({ after: endCursor, filter: { mediaOnly: false } })).edges).not.toEqual([])
  })

  it('ids on screen and the country', async () => {
    expect(await errorOf({ context: { alsoSeenPostIds: ['1', 'x'] } })).toMatchObject({
      extensions: { field: 'context.alsoSeenPostIds[1]' },
    })
    const many = Array.from({ length: 501 }, (_, index) => postIdOf('2', index))
    expect(await errorOf({ context: { alsoSeenPostIds: many } })).toMatchObject({
      extensions: { field: 'context.alsoSeenPostIds' },
    })
    expect(await errorOf({ context: { countryCode: 'Germany' } })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'context.countryCode' },
    })
  })
})
