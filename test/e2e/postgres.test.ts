import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithPostgres, startPostgres, type PrivatePostgres } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'
import { PERSONAS, startGateway, type GatewayProcess, type Selected } from '../world.ts'

const FEED = `query Feed($first: Int) {
  homeFeed(first: $first) {
    edges { node { id ... on PostFeedItem { post {
      id text author { databaseId handle relationship { following } }
    } } } }
    session { degradation degradedDependencies }
  }
}`
/** The request's deadline and what surrounds it. */
const ANSWER_MS_MAX = 5_000
const IN_FLIGHT = 6
/** What may be said instead of a feed while the database does not answer. */
const REFUSALS = ['SAFETY_UNAVAILABLE', 'UNAVAILABLE', 'OVERLOADED', 'DEADLINE_EXCEEDED']

describeWithPostgres('a gateway on PostgreSQL', (binaries) => {
  let postgres: PrivatePostgres
  let directory: string
  let gateway: GatewayProcess

  beforeAll(async () => {
    postgres = await startPostgres(binaries)
    directory = await mkdtemp(join(tmpdir(), 'homefeed-postgres-gateway-'))
    gateway = await startGateway(directory, { DATABASE_URL: postgres.url })
  }, 300_000)

  afterAll(async () => {
    await gateway?.stop()
    await postgres?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const ask = (viewerId: string, variables: Record<string, unknown> = {}) =>
    gateway.query(FEED, { viewerId, variables: { first: 20, ...variables } })

  /** Accounts whose posts fatima's lists hide. */
  async function hiddenFromFatima(): Promise<ReadonlySet<string>> {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    const { rows } = await client.query<{ id: string }>(
      `select target_id as id from blocks where user_id = $1
       union select user_id from blocks where target_id = $1
       union select target_id from mutes where user_id = $1`,
      [PERSONAS.fatima],
    )
    await client.end()
    return new Set(rows.map(({ id }) => id))
  }

  function authorsOf(feed: Selected): readonly string[] {
    return feed.edges.flatMap(({ node }: Selected) => node.post?.author.databaseId ?? [])
  }

  async function isHealthy(): Promise<boolean> {
    const answer = await ask(PERSONAS.fatima)
    return answer.errors === undefined && answer.data.homeFeed.session.degradation.length === 0
  }

  it('fills it with the demo world and serves ada of both kinds', async () => {
    const { data } = await ask(PERSONAS.ada, { first: 100 })
    expect(data.homeFeed.edges).toHaveLength(100)
    const followed = data.homeFeed.edges.filter(
      ({ node }: Selected) => node.post?.author.relationship.following,
    )
    expect(followed.length).toBeGreaterThan(0)
    expect(followed.length).toBeLessThan(100)
  })

  it('frozen with requests in flight, shows nobody that a list hides, and comes back', async () => {
    const hidden = await hiddenFromFatima()
    expect(hidden.size).toBeGreaterThan(0)
    await waitFor(isHealthy, { what: 'a healthy feed', timeoutMs: 90_000 })
    const frozen = postgres.processIds()
    const asking = Array.from({ length: IN_FLIGHT }, () => ask(PERSONAS.fatima))
    for (const processId of frozen) process.kill(processId, 'SIGSTOP')
    try {
      const late = Array.from({ length: IN_FLIGHT }, () => ask(PERSONAS.fatima))
      let timer: NodeJS.Timeout | undefined
      const deadline = new Promise<never>((_, reject) => {
        const error = new Error('a request was not answered within the deadline')
        timer = setTimeout(() => reject(error), ANSWER_MS_MAX)
      })
      const answers = await Promise.race([Promise.all([...asking, ...late]), deadline])
      clearTimeout(timer)
      const codes = answers.flatMap(({ errors = [] }) => errors.map((each) => each.extensions.code))
      expect(REFUSALS).toEqual(expect.arrayContaining(codes))
      const feeds = answers.filter(({ errors }) => errors === undefined)
      const shown = feeds.flatMap(({ data }) => authorsOf(data.homeFeed))
      expect(shown.filter((author) => hidden.has(author))).toEqual([])
      // Whoever asked after the freeze hears that something is wrong, one way or the other.
      for (const { data, errors } of answers.slice(IN_FLIGHT)) {
        const said = errors?.length ?? data.homeFeed.session.degradation.length
        expect(said).toBeGreaterThan(0)
      }
    } finally {
      for (const processId of frozen) process.kill(processId, 'SIGCONT')
    }
    await waitFor(isHealthy, { what: 'a healthy feed', timeoutMs: 90_000 })
    for (const author of authorsOf((await ask(PERSONAS.fatima)).data.homeFeed)) {
      expect(hidden).not.toContain(author)
    }
  })
})
