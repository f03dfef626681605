import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PERSONAS, startDemoGateway, type GatewayProcess, type GraphqlAnswer } from '../world.ts'
import { waitFor } from '../wait-for.ts'

const FEED = `query ($country: String!) {
  homeFeed(first: 20, context: { countryCode: $country }) {
    edges { node { id } }
    session { degradation degradedDependencies }
  }
}`

/** A page and all that surrounds it; the pipeline's own budget is 1 s. */
const ANSWER_MS_MAX = 5_000
const IN_FLIGHT = 4
const BUSY = ['OVERLOADED', 'SAFETY_UNAVAILABLE', 'DEADLINE_EXCEEDED']

let gateway: GatewayProcess
let asked = 0

/**
 * As ada, each time in another country: what was ranked a minute ago holds for one, and would stand
 * for a dead service.
 */
function askGateway(): Promise<GraphqlAnswer> {
  const letter = (number: number) => String.fromCharCode('a'.charCodeAt(0) + (number % 26))
  const country = letter(asked / 26) + letter(asked)
  asked += 1
  return gateway.query(FEED, { viewerId: PERSONAS.ada, variables: { country } })
}

beforeAll(async () => {
  gateway = await startDemoGateway()
}, 300_000)

afterAll(async () => {
  await gateway.stop()
})

/** The answer, which comes within the deadline whatever has died. */
async function ask(): Promise<GraphqlAnswer> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within the deadline')), ANSWER_MS_MAX)
  })
  return Promise.race([askGateway(), deadline]).finally(() => clearTimeout(timer))
}

async function askFeed() {
  const { data, errors } = await ask()
  expect(errors).toBeUndefined()
  return data.homeFeed as {
    edges: { node: { id: string } }[]
    session: { degradation: string[]; degradedDependencies: string[] }
  }
}

async function isHealthy(): Promise<boolean> {
  const answer = await askGateway()
  return answer.errors === undefined && answer.data.homeFeed.session.degradation.length === 0
}

const recovered = { what: 'the feed to be healthy again', timeoutMs: 90_000, everyMs: 200 }

async function processId(service: 'retrieval' | 'ranking'): Promise<number> {
  const id = (await gateway.processIds())[service]
  if (id === null) throw new Error(`${service} is not running`)
  return id
}

const CASES = [
  { service: 'ranking', flag: 'RULES_ONLY', dependency: 'phoenix-ranking' },
  { service: 'retrieval', flag: 'IN_NETWORK_ONLY', dependency: 'phoenix-retrieval' },
] as const

describe.each(CASES)('when the $service service dies', ({ service, flag, dependency }) => {
  it('answers with a declared fallback, and comes back by itself', async () => {
    await waitFor(isHealthy, recovered)
    process.kill(await processId(service), 'SIGKILL')
    const feed = await waitFor(
      async () => {
        const answer = await askFeed()
        return answer.session.degradation.includes(flag) ? answer : null
      },
      { what: `the flag ${flag}`, everyMs: 20 },
    )
    expect(feed.edges).toHaveLength(20)
    expect(feed.session.degradedDependencies).toContain(dependency)
    await waitFor(isHealthy, recovered)
    expect(gateway.output()).toMatch(new RegExp(`${dependency} ended .* it starts again`))
  })

  it('answers every request in flight while it is frozen', async () => {
    await waitFor(isHealthy, recovered)
    const frozen = await processId(service)
    const asking = Array.from({ length: IN_FLIGHT }, ask)
    process.kill(frozen, 'SIGSTOP')
    try {
      const answers = await Promise.all([...asking, ...Array.from({ length: IN_FLIGHT }, ask)])
      // So many at once may be too many for this machine, which is said; none of them hangs.
      const codes = answers.flatMap(({ errors = [] }) => errors.map((each) => each.extensions.code))
      expect(BUSY).toEqual(expect.arrayContaining(codes))
      const feed = await askFeed()
      expect(feed.edges).toHaveLength(20)
      expect(feed.session.degradation).toContain(flag)
    } finally {
      process.kill(frozen, 'SIGCONT')
    }
    await waitFor(isHealthy, recovered)
  })
})
