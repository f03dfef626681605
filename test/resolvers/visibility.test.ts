import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Selected } from '../world.ts'
import { addPost, startSmallGateway, VIEWER } from '../server/small-gateway.ts'
import { waitFor } from '../wait-for.ts'
import type { SmallGateway } from '../server/small-gateway.ts'

/** Of accounts 2 to 6, whom the viewer follows; 99 is a stranger. */
const ADULT = '901'
const REPOST = '902'
const QUOTE = '903'
const REPLY = '904'
const ANSWERED = '905'
const STRANGE = '906'

const VISIBILITY = 'visibility { action rule labels }'
const FEED = `{ homeFeed(first: 100) { edges { node { ... on PostFeedItem {
  post { databaseId ${VISIBILITY} quoted { ... on Post { id } } }
  social { __typename
    ... on RepostedBy { user { databaseId } }
    ... on RepliedToByFollowing { users { databaseId } } }
} } } } }`
const POST = `query Post($id: ID!) { post(id: $id) { __typename ... on Post {
  ${VISIBILITY}
  quoted { ... on Post { ${VISIBILITY} } }
  inReplyTo { ... on Post { ${VISIBILITY} } }
  repostOf { ... on Post { ${VISIBILITY} } }
} ... on UnavailablePost { reason } } }`
const RETRIED = new Set(['UNAVAILABLE', 'SAFETY_UNAVAILABLE', 'DEADLINE_EXCEEDED'])
const WARNED = { action: 'INTERSTITIAL', rule: 'adult', labels: ['adult'] }
const SHOWN = { action: 'SHOW', rule: null, labels: [] }

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
  const { database, thunder } = gateway
  const add = (id: string, author: string, more: object = {}) =>
    addPost(database, thunder, { id, author, createdAtMs: Date.now() - 60_000, ...more })
  await sql`insert into users (id, handle, display_name, bio, created_at_ms, birth_year,
      is_protected, state, is_adult, sensitive_opt_in, sells_subscriptions)
    values (99, 'Stranger', '', '', 0, 1990, false, 'active', false, false, false)`.execute(
    database.kysely,
  )
  await add(ADULT, '2')
  await add(STRANGE, '99')
  await add(REPOST, '3', { repostOf: { id: STRANGE, author: '99' } })
  await add(QUOTE, '4', { quotedPostId: ADULT })
  await add(REPLY, '5', { replyToPostId: ADULT })
  await add(ANSWERED, '2')
  await add('907', '3', { replyToPostId: ANSWERED })
  await add('908', '4', { replyToPostId: ANSWERED })
  await sql`insert into visibility_labels (subject_kind, subject_id, label, expires_at_ms)
    values ('post', ${ADULT}, 'adult', null), ('post', ${STRANGE}, 'adult', null),
      ('post', ${ANSWERED}, 'spam', 1)`.execute(database.kysely)
})

afterAll(() => gateway.close())

/** Asked again while a busy machine makes the database late. */
async function feed(): Promise<ReadonlyMap<string, Selected>> {
  const probe = async () => {
    await sql`delete from served`.execute(gateway.database.kysely)
    const each = await gateway.ask(FEED)
    const isRefused = each.errors?.every(({ extensions }) => RETRIED.has(extensions.code)) === true
    return isRefused ? null : each
  }
  const answer = await waitFor(probe, { what: 'a feed' })
  expect(answer.errors).toBeUndefined()
  const nodes = answer.data.homeFeed.edges.map((edge: Selected) => edge.node)
  return new Map(nodes.map((node: Selected) => [node.post.databaseId, node]))
}

async function postOf(id: string): Promise<Selected> {
  const answer = await gateway.ask(POST, { variables: { id } })
  expect(answer.errors).toBeUndefined()
  return answer.data.post
}

/** What a test writes lasts for the test. */
async function during(statements: readonly [string, string], test: () => Promise<void>) {
  await sql.raw(statements[0]).execute(gateway.database.kysely)
  try {
    await test()
  } finally {
    await sql.raw(statements[1]).execute(gateway.database.kysely)
  }
}

describe('warnings', () => {
  it('reach the feed with rule and labels: of a reposted original too', async () => {
    const nodes = await feed()
    expect(nodes.get(STRANGE)).toMatchObject({
      post: { visibility: WARNED },
      social: { __typename: 'RepostedBy', user: { databaseId: '3' } },
    })
    expect(nodes.get(ANSWERED)?.post.visibility).toEqual(SHOWN)
  })

  it('of a quoted post keep what quotes it out of the feed', async () => {
    const nodes = await feed()
    expect(nodes.has(QUOTE)).toBe(false)
    expect(nodes.has(REPLY)).toBe(false)
  })

  it('reach the post, and what it quotes, answers and reposts', async () => {
    expect(await postOf(ADULT)).toMatchObject({ visibility: WARNED })
    expect(await postOf(QUOTE)).toMatchObject({ visibility: SHOWN, quoted: { visibility: WARNED } })
    expect(await postOf(REPLY)).toMatchObject({ inReplyTo: { visibility: WARNED } })
    expect(await postOf(REPOST)).toMatchObject({
      visibility: WARNED,
      repostOf: { visibility: WARNED },
    })
    const answer = await gateway.ask(
      `{ nodes(ids: ["post:${ADULT}", "item:post:${ADULT}"]) {
        ... on Post { ${VISIBILITY} } ... on PostFeedItem { post { ${VISIBILITY} } } } }`,
    )
    expect(answer.data.nodes).toEqual([{ visibility: WARNED }, { post: { visibility: WARNED } }])
  })

  it('are not for viewers who opted in', async () => {
    const optIn = (value: boolean) =>
      `update users set sensitive_opt_in = ${value} where id = ${VIEWER}`
    await during([optIn(true), optIn(false)], async () => {
      expect(await postOf(ADULT)).toMatchObject({ visibility: { action: 'SHOW', rule: null } })
      expect((await feed()).get(STRANGE)?.post.visibility.action).toBe('SHOW')
    })
  })
})

it('ignores labels that have expired', async () => {
  expect(await postOf(ANSWERED)).toMatchObject({ visibility: SHOWN })
})

describe('faces of those who replied', () => {
  const faces = async () => (await feed()).get(ANSWERED)?.social

  it('are those of followed accounts, ids ascending', async () => {
    expect(await faces()).toEqual({
      __typename: 'RepliedToByFollowing',
      users: [{ databaseId: '3' }, { databaseId: '4' }],
    })
  })

  it.each([
    ['blocked', [`insert into blocks values (${VIEWER}, 4)`, 'delete from blocks']],
    ['blocking', [`insert into blocks values (4, ${VIEWER})`, 'delete from blocks']],
    ['muted', [`insert into mutes values (${VIEWER}, 4)`, 'delete from mutes']],
    [
      'suspended',
      [
        "update users set state = 'suspended' where id = 4",
        "update users set state = 'active' where id = 4",
      ],
    ],
    [
      'named by a muted word',
      [
        `insert into muted_keywords (user_id, phrase, match, surfaces)
          values (${VIEWER}, 'user4', 'word', '{author_handle}')`,
        'delete from muted_keywords',
      ],
    ],
  ] as const)('leave out who is %s', async (_title, statements) => {
    await during(statements, async () => {
      expect(await faces()).toMatchObject({ users: [{ databaseId: '3' }] })
    })
  })
})

it('counts what the rules decide, by level, action and rule', async () => {
  await postOf(ADULT)
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(metrics).toMatch(
    /homefeed_visibility_total\{level="home",action="interstitial",rule="adult"\} \d+/,
  )
  expect(metrics).toMatch(
    /homefeed_visibility_total\{level="home",action="allow",rule="none"\} \d+/,
  )
})
