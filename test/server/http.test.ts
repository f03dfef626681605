import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postIdOf, serve, startSmallGateway, VIEWER } from './small-gateway.ts'
import type { SmallGateway } from './small-gateway.ts'

const WHO = '{ viewer { user { id handle } } }'

let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway()
})

afterAll(async () => {
  await gateway.close()
})

async function codeOf(from: SmallGateway, headers: Record<string, string>, query = WHO) {
  const answer = await from.ask(query, { headers })
  return answer.errors?.[0]?.extensions.code ?? 'OK'
}

describe('bounds', () => {
  async function post(body: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-viewer-id': VIEWER, ...headers },
      body,
    })
    return { status: response.status, body: await response.json() }
  }

  it('refuses a body above 256 kB, in JSON', async () => {
    const answer = await post(JSON.stringify({ query: `{ viewer }#${'x'.repeat(260 * 1024)}` }))
    expect(answer).toMatchObject({
      status: 413,
      body: { errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] },
    })
  })

  it('refuses what is no JSON, and other content types', async () => {
    const bad = { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }
    expect(await post('{')).toMatchObject({ status: 400, body: bad })
    expect(await post('{}')).toMatchObject({ status: 400, body: bad })
    expect(await post('{}', { 'content-type': 'text/xml' })).toMatchObject({ status: 415 })
  })

  const nested = (levels: number): string =>
    `{ post(id: "${postIdOf('2', 0)}") ${'{ ... on Post { quoted '.repeat(levels)} { __typename }` +
    `${' } }'.repeat(levels)} }`

  it.each([
    ['too deep', nested(16)],
    [
      'too many aliases',
      `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')}
      ${Array.from({ length: 31 }, (_, i) => `b${i}: viewer { user { id } }`).join(' ')} }`,
    ],
    [
      'too dear',
      `{ ${Array.from({ length: 11 }, (_, i) => `f${i}: homeFeed { session { id } }`).join(' ')} }`,
    ],
    ['too many tokens', `{ ${'viewer { user { id } } '.repeat(700)} }`],
    [
      'spread of spreads',
      `{ viewer { user { ...A } } } fragment A on User { ...B ...B } ` +
        'BCDEFGHIJ'
          .split('')
          .map(
            (name, at) =>
              `fragment ${name} on User { ...${'CDEFGHIJK'[at]} ...${'CDEFGHIJK'[at]} }`,
          )
          .join(' ') +
        ' fragment K on User { id handle }',
    ],
  ])('refuses an operation that is %s', async (_what, query) => {
    expect(await codeOf(gateway, { 'x-viewer-id': VIEWER }, query)).toBe('LIMIT_EXCEEDED')
  })

  it('allows what is just within', async () => {
    expect(await codeOf(gateway, { 'x-viewer-id': VIEWER }, nested(6))).toBe('OK')
  })

  it('bounds nodes', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => `user:${index + 1}`)
    const answer = await gateway.ask('query N($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids },
    })
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids' })
  })
})

describe('errors', () => {
  it('carry a code of the closed list', async () => {
    const headers = { 'x-viewer-id': VIEWER }
    expect(await codeOf(gateway, headers, '{')).toBe('GRAPHQL_PARSE_FAILED')
    expect(await codeOf(gateway, headers, '{ nothing }')).toBe('GRAPHQL_VALIDATION_FAILED')
    const twoKeys = '{ user(by: {id: "1", handle: "x"}) { id } }'
    expect(await codeOf(gateway, headers, twoKeys)).toBe('GRAPHQL_VALIDATION_FAILED')
    const answer = await gateway.ask(
      'query Q($n: Int) { homeFeed(first: $n) { session { id } } }',
      {
        variables: { n: 'many' },
      },
    )
    expect(answer.errors?.[0]).toMatchObject({
      message: expect.stringContaining('$n'),
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })

  it('hide what was not meant for clients behind an id that the log knows', async () => {
    const broken = await serve(gateway, {
      createLoaders: () => {
        throw new Error('select * from secrets at 10.0.0.1')
      },
    })
    try {
      const answer = await broken.ask(WHO)
      const [error] = answer.errors ?? []
      expect(error?.extensions.code).toBe('INTERNAL')
      expect(JSON.stringify(answer)).not.toMatch(/secrets|10\.0\.0\.1|\.ts/)
      const errorId = /error id ([-0-9a-f]{36})/.exec(error?.message ?? '')?.[1] ?? 'none'
      expect(broken.logLines.some((line) => line.includes(errorId))).toBe(true)
    } finally {
      await broken.close()
    }
  })

  it('come within the deadline, whatever hangs', async () => {
    const hanging = await serve(gateway, {
      requestTimeoutMs: 50,
      homeFeed: {
        rank: () => new Promise(() => {}),
        open: () => new Promise(() => {}),
        recheck: () => new Promise(() => {}),
        recheckModules: () => new Promise(() => {}),
      },
    })
    try {
      const answer = await hanging.ask('{ homeFeed { session { id } } }')
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'DEADLINE_EXCEEDED', retryable: true })
    } finally {
      await hanging.close()
    }
  })
})

describe('foreign pages', () => {
  function statusWithHost(host: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      request(`${gateway.url}/health/live`, { headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
  }

  it('cannot reach development mode under another name', async () => {
    for (const host of ['localhost', 'localhost:4000', '127.0.0.1:1', '[::1]:4000']) {
      expect(await statusWithHost(host)).toBe(200)
    }
    for (const host of ['evil.example', 'localhost.evil.example:4000', '127.0.0.1.evil.example']) {
      expect(await statusWithHost(host)).toBe(403)
    }
  })

  it('may read only from the origins of the setting', async () => {
    const preflight = async (origin: string) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-viewer-id',
        },
      })
      return response.headers.get('access-control-allow-origin')
    }
    expect(await preflight('http://localhost:3000')).toBe('http://localhost:3000')
    expect(await preflight('http://evil.example')).toBeNull()
  })

  it('cannot ask by a plain form or image', async () => {
    const url = `${gateway.url}/graphql?query=${encodeURIComponent(WHO)}`
    const response = await fetch(url, { headers: { 'x-viewer-id': VIEWER } })
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toContain('CSRF')
  })
})

describe('metrics and health', () => {
  it('count requests, components, pages and degradations', async () => {
    await gateway.ask('{ homeFeed(first: 1) { session { id } } }')
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(text).toMatch(/homefeed_requests_total\{field="homeFeed",code="OK"\} [1-9]/)
    expect(text).toMatch(
      /homefeed_component_runs_total\{[^}]*component="ThunderSource"[^}]*\} [1-9]/,
    )
    expect(text).toMatch(/homefeed_component_runs_total\{[^}]*outcome="failed"\} [1-9]/)
    expect(text).toMatch(
      /cache_reads_total\{[^}]*component="EngagementCountsHydrator",outcome="miss"\} [1-9]/,
    )
    expect(text).toMatch(/homefeed_degradations_total\{degradation="RULES_ONLY"\} [1-9]/)
    expect(text).toMatch(/homefeed_sessions [1-9]/)
    expect(text).toContain('nodejs_eventloop_lag')
  })

  it('needs everything at first, later what always gates', async () => {
    let isDown = { database: false, model: true }
    const down = (name: 'database' | 'model') => () =>
      isDown[name] ? Promise.reject(new Error(`${name} is down`)) : Promise.resolve({ name })
    const checked = await serve(gateway, {
      healthChecks: [
        { name: 'database', gates: 'always', check: down('database') },
        { name: 'model', gates: 'first-start', check: down('model') },
      ],
    })
    const statusOf = async () => (await fetch(`${checked.url}/health/ready`)).status
    try {
      expect(await statusOf()).toBe(503)
      isDown = { database: false, model: false }
      expect(await statusOf()).toBe(200)
      isDown = { database: false, model: true }
      expect(await statusOf()).toBe(200)
      isDown = { database: true, model: false }
      expect(await statusOf()).toBe(503)
      expect((await fetch(`${checked.url}/health/live`)).status).toBe(200)
    } finally {
      await checked.close()
    }
  })
})

describe('drawings', () => {
  it.each(['/media/4000001-1.svg', '/media/4000001-1.mp4.svg', '/avatar/42.svg'])(
    'draws %s, the same each time, with nothing from elsewhere',
    async (path) => {
      const draw = async () => {
        const response = await fetch(gateway.url + path)
        expect(response.headers.get('content-type')).toBe('image/svg+xml')
        return response.text()
      }
      const drawing = await draw()
      expect(await draw()).toBe(drawing)
      expect(drawing).toMatch(/^<svg .*<\/svg>$/)
      expect(drawing.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|NaN|undefined/)
    },
  )

  it('answers other paths in JSON', async () => {
    for (const path of ['/media/x.png', '/avatar/a%3Cb.svg', '/nothing']) {
      const response = await fetch(gateway.url + path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'NOT_FOUND' } }],
      })
    }
  })
})
