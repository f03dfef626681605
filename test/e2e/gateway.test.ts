import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PERSONAS, startDemoGateway, type GatewayProcess, type Selected } from '../world.ts'

const FEED = `query Feed($first: Int, $after: Cursor, $filter: FeedFilterInput) {
  homeFeed(first: $first, after: $after, filter: $filter) {
    edges {
      cursor position
      node { id ... on PostFeedItem { post { id text createdAt author { handle displayName }
        media { url } repostOf { ... on Post { id text author { handle } } } } } }
    }
    pageInfo { hasNextPage endCursor }
    session { id continuity degradation degradedDependencies ranking { model weights } }
  }
}`

const FOLLOWED = `{ homeFeed(first: 100) { edges { node { ... on PostFeedItem {
  post { author { relationship { following } } }
} } } } }`

let gateway: GatewayProcess

beforeAll(async () => {
  gateway = await startDemoGateway()
}, 300_000)

afterAll(async () => {
  await gateway.stop()
})

async function feedOf(viewerId: string, variables: Record<string, unknown> = {}) {
  const answer = await gateway.query(FEED, { viewerId, variables: { first: 20, ...variables } })
  expect(answer.errors).toBeUndefined()
  return answer.data.homeFeed
}

/** Without what stands between them. */
function postsOf(feed: Selected): Selected[] {
  return feed.edges.filter(({ node }: Selected) => node.post !== undefined)
}

function idsOf(feed: Selected): string[] {
  return feed.edges.map((edge: Selected) => edge.node.id)
}

describe('a fresh machine', () => {
  it('gives ada 20 readable posts with authors, ranked by the model', async () => {
    const feed = await feedOf(PERSONAS.ada)
    expect(feed.edges).toHaveLength(20)
    expect(postsOf(feed).length).toBeGreaterThanOrEqual(18)
    for (const { node } of postsOf(feed)) {
      const shown = node.post.repostOf ?? node.post
      expect(shown.text.length + node.post.media.length).toBeGreaterThan(0)
      expect(node.post.author.handle).toMatch(/^\w+$/)
    }
    expect(feed.session.degradation).toEqual([])
    expect(feed.session.ranking.model).not.toBe('')
  })

  it('brings ada posts of accounts she follows and of strangers', async () => {
    const { data } = await gateway.query(FOLLOWED, { viewerId: PERSONAS.ada })
    const edges = postsOf(data.homeFeed)
    const followed = edges.filter(({ node }: Selected) => node.post.author.relationship.following)
    expect(followed.length).toBeGreaterThan(0)
    expect(followed.length).toBeLessThan(edges.length)
  })

  it.each(Object.entries(PERSONAS))('serves %s', async (_handle, viewerId) => {
    const feed = await feedOf(viewerId)
    expect(feed.edges.length).toBeGreaterThan(0)
  })

  it('pages to the end of a slate without a repeat', async () => {
    const seen = new Set<string>()
    let after: string | null = null
    for (let page = 0; page < 8; page += 1) {
      const feed: Selected = await feedOf(PERSONAS.chiyo, { first: 30, after })
      for (const id of idsOf(feed)) {
        expect(seen).not.toContain(id)
        seen.add(id)
      }
      if (!feed.pageInfo.hasNextPage) break
      after = feed.pageInfo.endCursor
    }
    expect(seen.size).toBeGreaterThan(60)
  })

  it.each(['jazz', 'science & technology'])('brings strangers to %s', async (name) => {
    const ids = Array.from({ length: 40 }, (_, index) => `topic:${index + 1}`)
    const names = await gateway.query(
      'query Names($ids: [ID!]!) { nodes(ids: $ids) { ... on Topic { id name } } }',
      { variables: { ids } },
    )
    const topic = names.data.nodes.find((node: Selected) => node?.name === name)
    const feed = await gateway.query(
      `query Topic($topic: ID!) { homeFeed(first: 20, filter: { topics: [$topic] }) {
        edges { node { ... on PostFeedItem {
          post { author { relationship { following } } }
          social { __typename ... on TopicMatch { topic { id name } } }
        } } }
        session { degradation }
      } }`,
      { viewerId: PERSONAS.gus, variables: { topic: topic.id } },
    )
    const { edges, session } = feed.data.homeFeed
    expect(edges).toHaveLength(20)
    expect(session.degradation).toEqual([])
    const posts = edges.map(({ node }: Selected) => node)
    const follows = posts.map(({ post }: Selected) => post.author.relationship.following)
    expect(follows).toContain(false)
    const matches = posts.filter(({ social }: Selected) => social?.__typename === 'TopicMatch')
    expect(matches.length).toBeGreaterThan(0)
    for (const { social } of matches) expect(social.topic).toEqual(topic)
  })

  it('finds a persona by handle', async () => {
    const answer = await gateway.query('{ user(by: { handle: "ada" }) { id databaseId } }')
    expect(answer.data.user).toEqual({ id: `user:${PERSONAS.ada}`, databaseId: PERSONAS.ada })
  })

  it('is healthy, counts, and asks the database a bounded number of times a page', async () => {
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    const statements = async () => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      return Number(/^homefeed_database_statements_total (\d+)/m.exec(metrics)?.[1])
    }
    const costOf = async (first: number) => {
      const before = await statements()
      await feedOf(PERSONAS.bruno, { first })
      return (await statements()) - before
    }
    const small = await costOf(5)
    const large = await costOf(100)
    expect(small).toBeLessThanOrEqual(20)
    expect(large).toBeLessThanOrEqual(20)
  })
})
