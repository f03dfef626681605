import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSmallGateway, VIEWER } from '../server/small-gateway.ts'
import type { SmallGateway } from '../server/small-gateway.ts'

const DAY_MS = 86_400_000
const SERVED = '{ servedDays { day posts outOfNetwork } }'
const DEBUGGER = { 'x-viewer-id': VIEWER, 'x-viewer-roles': 'DEBUGGER' }
const TODAY = Math.floor(Date.now() / DAY_MS)

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
  await sql`insert into author_served (day, author_id, served, out_of_network)
    values (${TODAY}, 2, 7, 3), (${TODAY - 2}, 2, 1, 0), (${TODAY - 40}, 2, 9, 9),
      (${TODAY}, 3, 1, 1)`.execute(gateway.database.kysely)
})

afterAll(async () => {
  await gateway.close()
})

it('tells how often the feed shows an account, by day, newest first', async () => {
  const { data, errors } = await gateway.ask(
    `{ user(by: { id: "2" }) ${SERVED} other: user(by: { id: "4" }) ${SERVED} }`,
    { headers: DEBUGGER },
  )
  expect(errors).toBeUndefined()
  const dayOf = (day: number) => new Date(day * DAY_MS).toISOString()
  expect(data).toEqual({
    user: {
      servedDays: [
        { day: dayOf(TODAY), posts: '7', outOfNetwork: '3' },
        { day: dayOf(TODAY - 2), posts: '1', outOfNetwork: '0' },
      ],
    },
    other: { servedDays: [] },
  })
})

it('costs a page one statement, however many authors are on it', async () => {
  const statementsOf = async (fields: string) => {
    const before = gateway.database.statementCount()
    const { errors } = await gateway.ask(
      `{ homeFeed(first: 50) { edges { node { ... on PostFeedItem { post {
        author { handle ${fields} } } } } } } }`,
      { headers: DEBUGGER },
    )
    expect(errors).toBeUndefined()
    return gateway.database.statementCount() - before
  }
  // The first of both finds less in memory.
  await statementsOf('')
  expect((await statementsOf(SERVED.slice(2, -2))) - (await statementsOf(''))).toBe(1)
})

it('is not told to viewers', async () => {
  const { data, errors } = await gateway.ask(`{ user(by: { id: "2" }) ${SERVED} }`)
  expect(data).toEqual({ user: { servedDays: null } })
  expect(errors).toMatchObject([
    { path: ['user', 'servedDays'], extensions: { code: 'FORBIDDEN' } },
  ])
})
