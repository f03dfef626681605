import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPrompts } from '../../src/pipeline/blending/prompts.ts'
import { waitFor } from '../wait-for.ts'
import type { Selected } from '../world.ts'
import { serve, startSmallGateway, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const NEWCOMER = '9'
const SUGGESTED = ['20', '21', '22', '23'] as const
const PROMPT = {
  name: 'follow-accounts',
  title: 'Follow some accounts',
  body: null,
  action: '/explore/accounts',
  showTo: 'FOLLOWS_NOBODY',
  fatigueMs: 3_600_000,
} as const
const ITEM = `{ __typename id
  ... on PostFeedItem { post { databaseId } }
  ... on WhoToFollowFeedItem { title users { databaseId relationship { following } } }
  ... on PromptFeedItem { title body action } }`
const FEED = `query Feed($first: Int, $after: Cursor, $filter: FeedFilterInput) {
  homeFeed(first: $first, after: $after, filter: $filter) {
    edges { cursor position node ${ITEM} }
    pageInfo { hasNextPage endCursor }
    session { degradation }
  }
}`
const NODE = `query Node($id: ID!) { node(id: $id) ${ITEM} }`

let gateway: SmallGateway

const run = (statement: ReturnType<typeof sql>) => statement.execute(gateway.database.kysely)

beforeAll(async () => {
  gateway = await startSmallGateway({ prompts: createPrompts([PROMPT]) })
  for (const id of [NEWCOMER, ...SUGGESTED]) {
    await run(sql`insert into users (id, handle, display_name, bio, created_at_ms, birth_year,
        is_protected, state, is_adult, sensitive_opt_in, sells_subscriptions)
      values (${id}, ${`User${id}`}, 'U', '', 0, 1990, false, 'active', false, false, false)`)
  }
  // 20 is followed by most of those whom the viewer follows, 23 by fewest.
  for (const [follower, followees] of [
    ['2', ['20', '21', '22', '23']],
    ['3', ['20', '21', '22', '23']],
    ['4', ['20', '21', '22']],
    ['5', ['20', '21']],
    ['6', ['20']],
  ] as const) {
    for (const followee of followees) {
      await run(sql`insert into follows values (${follower}, ${followee}, 0)`)
    }
  }
  // Modules that are late are left out, and first requests run cold code.
  await waitFor(async () => moduleOf(await pageOf()), { what: 'a module in time' })
})

afterAll(() => gateway.close())

beforeEach(async () => {
  for (const table of ['served', 'served_modules', 'blocks']) {
    await run(sql`delete from ${sql.table(table)}`)
  }
  await run(sql`delete from follows where follower_id = ${VIEWER} and followee_id >= 20`)
})

async function pageOf(
  variables: Record<string, unknown> = {},
  viewerId = VIEWER,
): Promise<Selected> {
  const answer = await gateway.ask(FEED, { variables, headers: { 'x-viewer-id': viewerId } })
  expect(answer.errors).toBeUndefined()
  return answer.data.homeFeed
}

async function nodeOf(id: string, viewerId = VIEWER): Promise<Selected> {
  const answer = await gateway.ask(NODE, {
    variables: { id },
    headers: { 'x-viewer-id': viewerId },
  })
  expect(answer.errors).toBeUndefined()
  return answer.data.node
}

function moduleOf({ edges }: Selected): Selected {
  return edges.find(({ node }: Selected) => node.__typename === 'WhoToFollowFeedItem') ?? null
}

const usersOf = (node: Selected): string[] =>
  node.users.map(({ databaseId }: Selected) => databaseId)

describe('who to follow', () => {
  it('is the sixth of a first page, an edge like any other, and no post', async () => {
    const page = await pageOf({ first: 20 })
    expect(page.edges).toHaveLength(20)
    expect(page.edges.map(({ position }: Selected) => position)).toEqual([...Array(20).keys()])
    const { node } = page.edges[5]
    expect(node).toMatchObject({ id: 'item:who-to-follow:20-21-22', title: 'Who to follow' })
    expect(usersOf(node)).toEqual(['20', '21', '22'])
    expect(node.users[0].relationship).toEqual({ following: false })
    expect((await run(sql`select 1 from served`)).rows).toHaveLength(19)
    expect((await run(sql`select module, user_ids from served_modules`)).rows).toEqual([
      { module: 'who-to-follow', user_ids: ['20', '21', '22'] },
    ])
  })

  it('survives paging: once, at its place, whatever the pages', async () => {
    const shown: string[] = []
    let after: string | null = null
    for (let page = 0; page < 4; page += 1) {
      const { edges, pageInfo }: Selected = await pageOf({ first: 3, after })
      for (const edge of edges) shown[edge.position] = edge.node.id
      after = pageInfo.endCursor
    }
    expect(shown[5]).toBe('item:who-to-follow:20-21-22')
    expect(new Set(shown).size).toBe(12)
  })

  it('keeps its place where its session was lost, is shown once, and costs no more', async () => {
    const page = await pageOf({ first: 3 })
    const restarted = await serve(gateway)
    const next = async (after: string, from: SmallGateway): Promise<Selected> => {
      const { data } = await from.ask(FEED, { variables: { first: 5, after } })
      return data.homeFeed
    }
    try {
      const before = gateway.database.statementCount()
      const rebuilt = await next(page.pageInfo.endCursor, restarted)
      expect(gateway.database.statementCount() - before).toBeLessThanOrEqual(20)
      expect(rebuilt.edges.map(({ position }: Selected) => position)).toEqual([3, 4, 5, 6, 7])
      expect(moduleOf(rebuilt)).toMatchObject({
        position: 5,
        node: { id: 'item:who-to-follow:20-21-22' },
      })
      expect(moduleOf(await next(rebuilt.pageInfo.endCursor, restarted))).toBeNull()
    } finally {
      await restarted.close()
    }
    // Lost again, and the client goes back: it has had its place.
    const again = await serve(gateway)
    try {
      expect(moduleOf(await next(page.pageInfo.endCursor, again))).toBeNull()
    } finally {
      await again.close()
    }
  })

  it('loses who was followed, blocked or suspended since, and keeps its id', async () => {
    const { pageInfo } = await pageOf({ first: 3 })
    await run(sql`insert into follows values (${VIEWER}, 20, 0)`)
    await run(sql`insert into blocks values (22, ${VIEWER})`)
    const { node, position } = moduleOf(await pageOf({ first: 5, after: pageInfo.endCursor }))
    expect([node.id, position, usersOf(node)]).toEqual(['item:who-to-follow:20-21-22', 5, ['21']])
    await run(sql`update users set state = 'suspended' where id = 21`)
    try {
      const again = await pageOf({ first: 5, after: pageInfo.endCursor })
      expect(moduleOf(again)).toBeNull()
      expect(again.edges.map((edge: Selected) => edge.position)).toEqual([3, 4, 6, 7, 8])
    } finally {
      await run(sql`update users set state = 'active' where id = 21`)
    }
  })

  it('comes again after 30 hours, with other accounts', async () => {
    const agoBy = (ms: number) =>
      run(sql`update served_modules set served_at_ms = served_at_ms - ${ms}`)
    await pageOf()
    await run(sql`delete from served`)
    expect(moduleOf(await pageOf())).toBeNull()
    await agoBy(29 * 3_600_000)
    await run(sql`delete from served`)
    expect(moduleOf(await pageOf())).toBeNull()
    await agoBy(3_600_000)
    await run(sql`delete from served`)
    expect(usersOf(moduleOf(await pageOf()).node)).toEqual(['23'])
  })

  it('is not in a feed of media, and is none of a viewer without connections', async () => {
    expect(moduleOf(await pageOf({ filter: { mediaOnly: true } }))).toBeNull()
    expect(moduleOf(await pageOf({}, '5'))).toBeNull()
  })

  it('is a node of those who may be suggested now', async () => {
    await run(sql`insert into blocks values (${VIEWER}, 21)`)
    const node = await nodeOf('item:who-to-follow:20-21-22')
    expect([node.id, usersOf(node)]).toEqual(['item:who-to-follow:20-21-22', ['20', '22']])
    expect(await nodeOf('item:who-to-follow:2-999')).toBeNull()
  })

  it('keeps a page within twenty statements', async () => {
    const before = gateway.database.statementCount()
    expect(moduleOf(await pageOf({ first: 100 }))).not.toBeNull()
    expect(gateway.database.statementCount() - before).toBeLessThanOrEqual(20)
  })
})

describe('a prompt', () => {
  it('stands first for who follows nobody, once in a while', async () => {
    const [first] = (await pageOf({}, NEWCOMER)).edges
    expect(first).toMatchObject({
      position: 0,
      node: {
        id: 'item:prompt:follow-accounts',
        title: 'Follow some accounts',
        body: null,
        action: '/explore/accounts',
      },
    })
    const again = await pageOf({}, NEWCOMER)
    expect(again.edges.map(({ node }: Selected) => node.__typename)).not.toContain('PromptFeedItem')
  })

  it('is a node while the operator has it', async () => {
    expect(await nodeOf('item:prompt:follow-accounts')).toMatchObject({ title: PROMPT.title })
    expect(await nodeOf('item:prompt:another')).toBeNull()
  })
})

describe('a client that knows posts only', () => {
  it('gets modules as items of an id', async () => {
    const query = '{ homeFeed { edges { node { id ... on PostFeedItem { post { id } } } } } }'
    const { data, errors } = await gateway.ask(query)
    expect(errors).toBeUndefined()
    expect(data.homeFeed.edges[5].node).toEqual({ id: 'item:who-to-follow:20-21-22' })
  })

  it('has no score for a module', async () => {
    const { data, errors } = await gateway.ask(
      '{ homeFeed { edges { score { final } node { __typename } } } }',
      { headers: { 'x-viewer-id': VIEWER, 'x-viewer-roles': 'DEBUGGER' } },
    )
    expect(errors).toBeUndefined()
    expect(data.homeFeed.edges[5]).toEqual({
      score: null,
      node: { __typename: 'WhoToFollowFeedItem' },
    })
  })
})
