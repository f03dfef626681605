import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPost, postIdOf, startSmallGateway, VIEWER } from '../server/small-gateway.ts'
import type { SmallGateway } from '../server/small-gateway.ts'

const POST = `query Post($id: ID!) {
  post(id: $id) {
    __typename
    ... on Post {
      id databaseId text language
      author { id handle avatarUrl relationship { following followedBy muted blocking blockedBy } }
      media { __typename url altText }
      engagement { likes reposts replies quotes views }
      visibility { action rule }
      quoted { __typename ... on Post { id } ... on UnavailablePost { id reason } }
      inReplyTo { __typename ... on UnavailablePost { id reason } }
      repostOf { __typename }
    }
    ... on UnavailablePost { id reason }
  }
}`
const QUOTING = '900'
const REPLY = '901'
const QUOTED = postIdOf('3', 4)

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
  const { database, thunder } = gateway
  const createdAtMs = Date.now() - 1000
  await addPost(database, thunder, { id: QUOTING, author: '2', createdAtMs, quotedPostId: QUOTED })
  await addPost(database, thunder, { id: REPLY, author: '2', createdAtMs, replyToPostId: '5' })
  await sql`insert into media (post_id, position, kind, url, alt_text, width, height, duration_ms)
    values (${QUOTING}, 0, 'image', '/media/900-1.svg', 'hills', 3, 2, null),
      (${QUOTING}, 1, 'video', 'https://video.example/1', null, 3, 2, 1500)`.execute(
    database.kysely,
  )
  await sql`insert into post_counts (post_id, likes, views) values (${QUOTING}, 7, 90)`.execute(
    database.kysely,
  )
})

afterAll(async () => {
  await gateway.close()
})

async function postOf(id: string) {
  const answer = await gateway.ask(POST, { variables: { id } })
  expect(answer.errors).toBeUndefined()
  return answer.data.post
}

/** What a test writes lasts for the test. */
async function during(statement: string, undo: string, test: () => Promise<void>): Promise<void> {
  const { kysely } = gateway.database
  await sql.raw(statement).execute(kysely)
  try {
    await test()
  } finally {
    await sql.raw(undo).execute(kysely)
  }
}

describe('post', () => {
  it('shows everything of a post that may be seen', async () => {
    expect(await postOf(QUOTING)).toEqual({
      __typename: 'Post',
      id: `post:${QUOTING}`,
      databaseId: QUOTING,
      text: 'Post 900 in words',
      language: null,
      author: {
        id: 'user:2',
        handle: 'User2',
        avatarUrl: `${gateway.url}/avatar/2.svg`,
        relationship: {
          following: true,
          followedBy: false,
          muted: false,
          blocking: false,
          blockedBy: false,
        },
      },
      media: [
        { __typename: 'ImageMedia', url: `${gateway.url}/media/900-1.svg`, altText: 'hills' },
        { __typename: 'VideoMedia', url: 'https://video.example/1', altText: null },
      ],
      engagement: { likes: '7', reposts: '0', replies: '0', quotes: '0', views: '90' },
      visibility: { action: 'SHOW', rule: null },
      quoted: { __typename: 'Post', id: `post:${QUOTED}` },
      inReplyTo: null,
      repostOf: null,
    })
    expect((await postOf(`post:${QUOTING}`)).id).toBe(`post:${QUOTING}`)
  })

  it('is a tombstone where there is none', async () => {
    const gone = { __typename: 'UnavailablePost', id: 'post:5', reason: 'DELETED' }
    expect(await postOf('5')).toEqual(gone)
    expect((await postOf(REPLY)).inReplyTo).toEqual(gone)
  })

  it.each([
    ['blocks', `(${VIEWER}, 3)`, 'AUTHOR_BLOCKED'],
    ['blocks', `(3, ${VIEWER})`, 'BLOCKED_BY_AUTHOR'],
    ['mutes', `(${VIEWER}, 3)`, 'AUTHOR_MUTED'],
  ])('is withheld by %s %s on every path', async (table, row, reason) => {
    const insert = `insert into ${table} (user_id, target_id) values ${row}`
    await during(insert, `delete from ${table}`, async () => {
      expect(await postOf(QUOTED)).toMatchObject({ __typename: 'UnavailablePost', reason })
      expect((await postOf(QUOTING)).quoted).toMatchObject({ reason })
      const answer = await gateway.ask(
        `{
          node(id: "post:${QUOTED}") { id }
          nodes(ids: ["item:post:${QUOTED}", "user:2"]) { id }
        }`,
      )
      expect(answer).toEqual({ data: { node: null, nodes: [null, { id: 'user:2' }] } })
    })
  })

  it('withholds what a muted keyword names, in its own text and in what it quotes', async () => {
    const insert = `insert into muted_keywords (user_id, phrase, match, surfaces)
      values (${VIEWER}, '${QUOTED}', 'word', '{}')`
    await during(insert, 'delete from muted_keywords', async () => {
      expect(await postOf(QUOTED)).toMatchObject({ reason: 'KEYWORD_MUTED' })
      expect(await postOf(QUOTING)).toMatchObject({ reason: 'KEYWORD_MUTED' })
    })
  })

  it('withholds protected posts from those who do not follow', async () => {
    const undo = `update users set is_protected = false;
      insert into follows (follower_id, followee_id, created_at_ms) values (${VIEWER}, 3, 0)`
    const protect = `update users set is_protected = true where id = 3;
      delete from follows where follower_id = ${VIEWER} and followee_id = 3`
    await during(protect, undo, async () => {
      expect(await postOf(QUOTED)).toMatchObject({ reason: 'PROTECTED' })
    })
  })

  it('needs a viewer', async () => {
    const answer = await gateway.ask(POST, { headers: {}, variables: { id: QUOTING } })
    expect(answer).toMatchObject({
      data: { post: null },
      errors: [{ path: ['post'], extensions: { code: 'UNAUTHENTICATED' } }],
    })
  })

  it.each(['user:1', '0', 'x'])('refuses the id %s', async (id) => {
    const answer = await gateway.ask(POST, { variables: { id } })
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'id' })
  })
})

describe('node', () => {
  const NODE = `query Node($id: ID!) { node(id: $id) { __typename id
    ... on PostFeedItem { post { id } social { __typename } } } }`

  it('finds posts, users and feed items', async () => {
    const nodeOf = async (id: string) =>
      (await gateway.ask(NODE, { variables: { id } })).data.node as unknown
    expect(await nodeOf('user:2')).toEqual({ __typename: 'User', id: 'user:2' })
    expect(await nodeOf(`post:${QUOTED}`)).toEqual({ __typename: 'Post', id: `post:${QUOTED}` })
    expect(await nodeOf(`item:post:${QUOTED}`)).toEqual({
      __typename: 'PostFeedItem',
      id: `item:post:${QUOTED}`,
      post: { id: `post:${QUOTED}` },
      social: null,
    })
    expect(await nodeOf('user:999')).toBeNull()
    expect(await nodeOf('post:5')).toBeNull()
  })

  it('takes no bare number', async () => {
    const answer = await gateway.ask(NODE, { variables: { id: '2' } })
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'id' })
  })
})

describe('user', () => {
  it('says who follows the viewer', async () => {
    const query =
      '{ nodes(ids: ["user:1", "user:7"]) { ... on User { relationship { followedBy } } } }'
    const answer = await gateway.ask(query, { headers: { 'x-viewer-id': '2' } })
    expect(answer.data.nodes).toEqual([
      { relationship: { followedBy: true } },
      { relationship: { followedBy: true } },
    ])
  })

  it('hides accounts that are suspended, and refuses an empty handle', async () => {
    const answer = await gateway.ask('{ user(by: {id: "8"}) { id } }')
    expect(answer.data).toEqual({ user: null })
    const empty = await gateway.ask('{ user(by: {handle: " "}) { id } }')
    expect(empty.errors?.[0]?.extensions.field).toBe('by.handle')
  })
})
