import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, startSmallGateway, SUSPENDED, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const SECRET = 'a secret of the tests, 32 bytes or more'
const WHO = '{ viewer { user { id handle } } }'

let gateway: SmallGateway
let tokens: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
  tokens = await serve(gateway, { config: { jwtSecret: SECRET, isDevelopment: false } })
})

afterAll(async () => {
  await tokens.close()
  await gateway.close()
})

interface TokenOptions {
  readonly subject?: string
  readonly roles?: readonly string[]
  readonly expires?: string
  readonly secret?: string
  readonly algorithm?: string
}

function tokenOf(options: TokenOptions = {}): Promise<string> {
  const { subject = VIEWER, roles = [], expires = '1h', secret = SECRET, algorithm } = options
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: algorithm ?? 'HS256' })
    .setSubject(subject)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret))
}

async function codeOf(from: SmallGateway, headers: Record<string, string>, query = WHO) {
  const answer = await from.ask(query, { headers })
  return answer.errors?.[0]?.extensions.code ?? 'OK'
}

describe('who asks', () => {
  it('is the header in development, bare or global', async () => {
    for (const id of [VIEWER, `user:${VIEWER}`]) {
      const answer = await gateway.ask(WHO, { headers: { 'x-viewer-id': id } })
      expect(answer.data.viewer.user).toEqual({ id: 'user:1', handle: 'User1' })
    }
  })

  it.each([
    ['nobody', {}, 'UNAUTHENTICATED'],
    ['a viewer who does not exist', { 'x-viewer-id': '999' }, 'UNAUTHENTICATED'],
    ['a suspended viewer', { 'x-viewer-id': SUSPENDED }, 'FORBIDDEN'],
    ['id 0', { 'x-viewer-id': '0' }, 'BAD_USER_INPUT'],
    ['an id that is too large', { 'x-viewer-id': '9223372036854775808' }, 'BAD_USER_INPUT'],
    ['no id', { 'x-viewer-id': 'ada' }, 'BAD_USER_INPUT'],
    ['no role', { 'x-viewer-id': VIEWER, 'x-viewer-roles': 'KING' }, 'BAD_USER_INPUT'],
  ])('refuses %s', async (_what, headers, code) => {
    expect(await codeOf(gateway, headers)).toBe(code)
  })

  it('names the header at fault', async () => {
    const answer = await gateway.ask(WHO, { headers: { 'x-viewer-id': '0' } })
    expect(answer.errors?.[0]?.extensions.field).toBe('x-viewer-id')
  })

  it('lets nobody find a user by handle in development only', async () => {
    const query = '{ user(by: {handle: "uSeR2"}) { id databaseId } }'
    const answer = await gateway.ask(query, { headers: {} })
    expect(answer.data.user).toEqual({ id: 'user:2', databaseId: '2' })
    expect(await codeOf(tokens, {}, query)).toBe('UNAUTHENTICATED')
  })

  it('is a token elsewhere, and no header', async () => {
    const token = await tokenOf()
    const answer = await tokens.ask(WHO, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.data.viewer.user.id).toBe('user:1')
    expect(await codeOf(tokens, { 'x-viewer-id': VIEWER })).toBe('UNAUTHENTICATED')
  })

  it.each<[string, TokenOptions]>([
    ['has expired', { expires: '-1s' }],
    ['has another secret', { secret: 'another secret that is long enough too' }],
    ['has another algorithm', { algorithm: 'HS512' }],
    ['names no user', { subject: 'ada' }],
    ['names a user who does not exist', { subject: '999' }],
  ])('refuses a token that %s', async (_what, options) => {
    const authorization = `Bearer ${await tokenOf(options)}`
    expect(await codeOf(tokens, { authorization })).toBe('UNAUTHENTICATED')
  })

  it('refuses what is no token, with 401 and without leaking why', async () => {
    const response = await fetch(`${tokens.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer a.b.c' },
      body: JSON.stringify({ query: WHO }),
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED', field: 'authorization' } }],
    })
    expect(await codeOf(tokens, { authorization: 'Basic eDp5' })).toBe('UNAUTHENTICATED')
  })
})

describe('roles', () => {
  const SCORES =
    '{ homeFeed(first: 2) { edges { position score { final adjustments { name } } } } }'

  it('shows no score without DEBUGGER: null and an error at the path', async () => {
    const answer = await gateway.ask(SCORES)
    expect(answer.data.homeFeed.edges[0]).toEqual({ position: 0, score: null })
    expect(answer.errors?.[0]).toMatchObject({
      path: ['homeFeed', 'edges', 0, 'score'],
      extensions: { code: 'FORBIDDEN' },
    })
  })

  it.each(['DEBUGGER', 'ADMIN', 'viewer, debugger'])('shows scores to %s', async (roles) => {
    const headers = { 'x-viewer-id': VIEWER, 'x-viewer-roles': roles }
    const answer = await gateway.ask(SCORES, { headers })
    expect(answer.errors).toBeUndefined()
    expect(answer.data.homeFeed.edges[0].score.final).toBeTypeOf('number')
  })

  it('takes the roles of a token', async () => {
    const authorization = `Bearer ${await tokenOf({ roles: ['DEBUGGER', 'of another system'] })}`
    expect(await codeOf(tokens, { authorization }, SCORES)).toBe('OK')
    const plain = `Bearer ${await tokenOf()}`
    expect(await codeOf(tokens, { authorization: plain }, SCORES)).toBe('FORBIDDEN')
  })
})
