import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Experiments } from '../../src/experiments/experiments.ts'
import { readExperiments } from '../../src/experiments/read-experiments.ts'
import { createHomeFeedTable } from '../../src/pipeline/home-feed.table.ts'
import { readSwitchRules } from '../../src/pipeline/params/switch-rules.ts'
import type { GraphqlAnswer, Selected } from '../world.ts'
import { createRankedFeed } from './ranked-gateway.ts'
import { OTHER_VIEWER, serve, startSmallGateway, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const FEED = `query Feed($first: Int, $after: Cursor, $context: FeedRequestContextInput) {
  homeFeed(first: $first, after: $after, context: $context) {
    edges { node { id } score { final terms { head weight } adjustments { name factor } } }
    pageInfo { endCursor }
    session { id requestId continuity ranking { weights arms } }
  }
}`
const EXPERIMENTS = JSON.stringify({
  experiments: [
    { name: 'one', salt: 'a', traffic: 1, arms: [{ name: 'control' }] },
    {
      name: 'two',
      salt: 'b',
      traffic: 1,
      arms: [{ name: 'more', parameters: { 'actionWeights.reply': 6 } }],
    },
  ],
})

type Override = readonly [name: string, value: string]

let base: SmallGateway
let plain: SmallGateway
let tested: SmallGateway

beforeAll(async () => {
  base = await startSmallGateway()
  const homeFeed = createRankedFeed(base)
  plain = await serve(base, { homeFeed })
  const rules = readSwitchRules(createHomeFeedTable().stages)
  const experiments = new Experiments(readExperiments(EXPERIMENTS, rules))
  tested = await serve(base, { homeFeed, experiments })
})

afterAll(async () => {
  await plain.close()
  await tested.close()
  await base.close()
})

interface Ask {
  readonly overrides?: readonly Override[]
  readonly after?: string | null
  readonly roles?: string
  readonly from?: SmallGateway
  readonly viewerId?: string
}

function ask(more: Ask = {}): Promise<GraphqlAnswer> {
  const { overrides, after = null, roles = 'ADMIN', from = plain, viewerId = VIEWER } = more
  const parameters = overrides?.map(([name, value]) => ({ name, value }))
  return from.ask(FEED, {
    variables: { first: 3, after, context: { parameters } },
    headers: { 'x-viewer-id': viewerId, 'x-viewer-roles': roles },
  })
}

async function pageOf(more: Ask = {}): Promise<Selected> {
  const answer = await ask(more)
  expect(answer.errors).toBeUndefined()
  return answer.data.homeFeed
}

const weightOf = (page: Selected, head: string): number =>
  page.edges[0].score.terms.find((term: Selected) => term.head === head).weight

describe('context.parameters', () => {
  it('ranks, names and explains the session by them', async () => {
    const overrides: Override[] = [
      ['actionWeights.reply', '7'],
      ['authorDiversity.decay', '1'],
    ]
    const page = await pageOf({ overrides })
    expect(page.session.ranking).toEqual({
      weights: expect.stringMatching(/^published-2026-08-12\+[0-9a-f]{8}$/),
      arms: [],
    })
    expect(weightOf(page, 'reply')).toBe(7)
    const factors = page.edges.map(({ score }: Selected) => score.adjustments[1].factor)
    expect(factors).toEqual([1, 1, 1])
    const later = await pageOf({ after: page.pageInfo.endCursor })
    expect(later.session).toEqual({ ...page.session, continuity: 'CONTINUED' })
    expect(weightOf(later, 'reply')).toBe(7)
    const others = await pageOf()
    expect(others.session.ranking.weights).toBe('published-2026-08-12')
    expect(weightOf(others, 'reply')).toBe(5)
  })

  it('may be repeated with a cursor, but not changed', async () => {
    const overrides: Override[] = [['outOfNetwork.factor', '0.5']]
    const { pageInfo } = await pageOf({ overrides })
    await pageOf({ overrides: [['outOfNetwork.factor', '0.50']], after: pageInfo.endCursor })
    const answer = await ask({
      overrides: [['outOfNetwork.factor', '0.6']],
      after: pageInfo.endCursor,
    })
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'context.parameters',
    })
  })

  it.each(['VIEWER', 'DEBUGGER'])('needs more than the role %s', async (roles) => {
    const answer = await ask({ roles, overrides: [['outOfNetwork.factor', '0.5']] })
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      field: 'context.parameters',
    })
  })

  it('names the first at fault and tells of all', async () => {
    const answer = await ask({
      overrides: [
        ['outOfNetwork.factor', '0.5'],
        ['outOfNetwork.factr', '0.5'],
        ['components.VisibilityFilter', 'off'],
        ['timeout.ranking', '0'],
      ],
    })
    const [error] = answer.errors ?? []
    expect(error?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'context.parameters[1].name',
    })
    expect(error?.message).toMatch(/Did you mean `outOfNetwork.factor`/)
    expect(error?.message).toMatch(/VisibilityFilter` cannot be switched off/)
    expect(error?.message).toMatch(/`timeout.ranking` is "0": give a whole number from 1 to 5000/)
  })

  it('names the value at fault, and bounds their number', async () => {
    const wrong = await ask({ overrides: [['outOfNetwork.factor', 'half']] })
    expect(wrong.errors?.[0]?.extensions.field).toBe('context.parameters[0].value')
    const many = Array.from({ length: 101 }, () => ['outOfNetwork.factor', '0.5'] as const)
    expect((await ask({ overrides: many })).errors?.[0]?.message).toMatch(/give at most 100/)
  })

  it('sets how many posts a session holds', async () => {
    const sizes: number[] = []
    const homeFeed = createRankedFeed(base)
    const from = await serve(base, {
      homeFeed: {
        ...homeFeed,
        open: (request, options) => {
          sizes.push(request.slateSize)
          return homeFeed.open(request, options)
        },
      },
    })
    await pageOf({ from, overrides: [['request.slateSize', '50']] })
    await pageOf({ from })
    await from.close()
    expect(sizes).toEqual([50, 200])
  })
})

describe('experiments', () => {
  it('rank a viewer by the arms, name them, and are counted once a ranking', async () => {
    const page = await pageOf({ from: tested, roles: 'DEBUGGER' })
    const { requestId, ranking } = page.session
    expect(ranking.arms).toEqual(['one:control', 'two:more'])
    expect(ranking.weights).toMatch(/\+/)
    expect(weightOf(page, 'reply')).toBe(6)
    await pageOf({ from: tested, roles: 'DEBUGGER', after: page.pageInfo.endCursor })
    const logged = tested.logLines
      .map((line): Selected => JSON.parse(line))
      .filter(({ event }) => event === 'exposure')
    expect(logged).toEqual([
      expect.objectContaining({ viewerId: VIEWER, requestId, arms: ranking.arms }),
    ])
    const metrics = await (await fetch(`${tested.url}/metrics`)).text()
    expect(metrics).toContain('homefeed_exposures_total{experiment="two",arm="more"} 1')
  })

  it('stand beside the served posts, joined by the request', async () => {
    const page = await pageOf({ from: tested, viewerId: OTHER_VIEWER, roles: 'DEBUGGER' })
    await pageOf({
      from: tested,
      viewerId: OTHER_VIEWER,
      roles: 'DEBUGGER',
      after: page.pageInfo.endCursor,
    })
    const { rows } = await sql`
      select distinct exposures.experiment, arm, exposures.viewer_id, weights_version
      from served join exposures using (request_id)
      where request_id = ${page.session.requestId} order by experiment`.execute(
      base.database.kysely,
    )
    const { weights } = page.session.ranking
    expect(rows).toEqual([
      { experiment: 'one', arm: 'control', viewer_id: OTHER_VIEWER, weights_version: weights },
      { experiment: 'two', arm: 'more', viewer_id: OTHER_VIEWER, weights_version: weights },
    ])
  })

  it('count nothing that an administrator changed by hand', async () => {
    const overrides: Override[] = [['actionWeights.reply', '9']]
    const page = await pageOf({ from: tested, overrides })
    expect(page.session.ranking.arms).toEqual(['one:control', 'two:more'])
    expect(weightOf(page, 'reply')).toBe(9)
    const { rows } = await sql`
      select 1 from exposures where request_id = ${page.session.requestId}`.execute(
      base.database.kysely,
    )
    expect(rows).toEqual([])
  })
})
