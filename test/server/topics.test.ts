import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Selected } from '../world.ts'
import { postIdOf, startSmallGateway } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const FEED = `query Feed($first: Int, $after: Cursor, $filter: FeedFilterInput,
    $context: FeedRequestContextInput) {
  homeFeed(first: $first, after: $after, filter: $filter, context: $context) {
    edges { node { ... on PostFeedItem {
      post { databaseId } social { __typename ... on TopicMatch { topic { id name } } }
    } } }
    pageInfo { endCursor }
  }
}`
const ABOUT: Readonly<Record<string, readonly number[]>> = {
  jazz: [0, 1, 2, 3],
  food: [],
  cooking: [3, 4],
}
const AUTHOR = '3'
const FOOD = 'topic:2'

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
  const { kysely } = gateway.database
  for (const [name, indexes] of Object.entries(ABOUT)) {
    await sql`insert into topics (name) values (${name})`.execute(kysely)
    for (const index of indexes) {
      await sql`
        insert into post_topics (post_id, topic_id)
        select ${postIdOf(AUTHOR, index)}, id from topics where name = ${name}`.execute(kysely)
    }
  }
  // A first request runs cold code, and may miss its deadlines.
  await gateway.ask('{ homeFeed { edges { position } } }')
  await sql`update posts set language = 'de' where author_id = ${AUTHOR}`.execute(kysely)
})
beforeEach(async () => {
  await sql`delete from served`.execute(gateway.database.kysely)
})
afterAll(() => gateway.close())

async function edgesOf(variables: Record<string, unknown>): Promise<Selected[]> {
  const answer = await gateway.ask(FEED, { variables: { first: 50, ...variables } })
  expect(answer.errors).toBeUndefined()
  return answer.data.homeFeed.edges
}

async function errorOf(variables: Record<string, unknown>) {
  const answer = await gateway.ask(FEED, { variables })
  expect(answer.data).toBeNull()
  return answer.errors?.[0]
}

const idsOf = (edges: Selected[]): string[] => edges.map(({ node }) => node.post.databaseId)
const postsAt = (...indexes: number[]) => indexes.map((index) => postIdOf(AUTHOR, index))

describe('a feed of topics', () => {
  it('has only posts about them, and says which topic each answers to', async () => {
    const edges = await edgesOf({ filter: { topics: ['topic:1'] } })
    expect(idsOf(edges).toSorted()).toEqual(postsAt(0, 1, 2, 3).toSorted())
    const match = { __typename: 'TopicMatch', topic: { id: 'topic:1', name: 'jazz' } }
    expect(edges.map(({ node }) => node.social)).toEqual(edges.map(() => match))
  })

  it('takes a topic for what it stands for', async () => {
    const edges = await edgesOf({ filter: { topics: [FOOD] } })
    expect(idsOf(edges).toSorted()).toEqual(postsAt(3, 4).toSorted())
    expect(edges[0].node.social.topic).toEqual({ id: FOOD, name: 'food' })
  })

  it('leaves excluded topics out, here and in the whole feed', async () => {
    const some = await edgesOf({ filter: { topics: ['1'], excludedTopics: [FOOD] } })
    expect(idsOf(some).toSorted()).toEqual(postsAt(0, 1, 2).toSorted())
    await sql`delete from served`.execute(gateway.database.kysely)
    const ids = idsOf(await edgesOf({ first: 100, filter: { excludedTopics: [FOOD, '1'] } }))
    expect(ids.length).toBeGreaterThan(0)
    expect(ids.filter((id) => postsAt(0, 1, 2, 3, 4).includes(id))).toEqual([])
  })

  it('is empty for a topic that nobody writes about', async () => {
    expect(await edgesOf({ filter: { topics: ['topic:99'] } })).toEqual([])
  })

  it('gives cursors that are good for the same topics, in whatever order', async () => {
    const page = await gateway.ask(FEED, {
      variables: { first: 2, filter: { topics: ['topic:1', FOOD] } },
    })
    const after: string = page.data.homeFeed.pageInfo.endCursor
    expect(await edgesOf({ after, filter: { topics: [FOOD, 'topic:1'] } })).toHaveLength(3)
    const error = await errorOf({ after, filter: { topics: ['topic:1'] } })
    expect(error?.extensions.code).toBe('FEED_CURSOR_INVALID')
  })

  it('sends no more statements than any feed may', async () => {
    const before = gateway.database.statementCount()
    await edgesOf({ first: 2, filter: { topics: ['topic:1'], excludedTopics: [FOOD] } })
    expect(gateway.database.statementCount() - before).toBeLessThanOrEqual(20)
  })

  it.each([
    [{ filter: { topics: ['jazz'] } }, 'filter.topics[0]', 'give a topic id, topic:…'],
    [{ filter: { excludedTopics: ['1', 'post:1'] } }, 'filter.excludedTopics[1]', '"post:1"'],
    [{ filter: { topics: Array(101).fill('1') } }, 'filter.topics', 'give at most 100'],
    [{ context: { languages: ['en', 'e'] } }, 'context.languages[1]', 'must be a language tag'],
    [{ context: { languages: Array(21).fill('en') } }, 'context.languages', 'give at most 20'],
  ])('refuses %j by name', async (variables, field, text) => {
    const error = await errorOf(variables)
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field })
    expect(error?.message).toContain(text)
  })
})

it('finds topics by id', async () => {
  const query = '{ nodes(ids: ["topic:1", "topic:99", "user:2"]) { id ... on Topic { name } } }'
  expect((await gateway.ask(query)).data.nodes).toEqual([
    { id: 'topic:1', name: 'jazz' },
    null,
    { id: 'user:2' },
  ])
})

it('shows posts of followed accounts whatever their language', async () => {
  const ids = idsOf(await edgesOf({ first: 100, context: { languages: ['en-GB'] } }))
  expect(ids).toEqual(expect.arrayContaining(postsAt(0)))
})
