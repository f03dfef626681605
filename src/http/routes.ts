import type { FastifyInstance } from 'fastify'
import { getStaticFile } from 'ruru/static'
import type { Telemetry } from '../telemetry.ts'
import { drawAvatar, drawMedia, DRAWING_NAME } from './drawings.ts'
import { createGraphiqlPage, GRAPHIQL_ASSETS, GRAPHIQL_POLICY } from './graphiql.ts'
import type { GraphiqlOptions } from './graphiql.ts'
import type { Readiness } from './readiness.ts'

/** Drawings and assets never change under one name. */
const FOREVER = 'public, max-age=31536000, immutable'

/** `/health/live`, `/health/ready`, `/metrics`. */
export function addHealthRoutes(
  app: FastifyInstance,
  { readiness, telemetry }: { readonly readiness: Readiness; readonly telemetry: Telemetry },
): void {
  app.get('/health/live', () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const { isReady, checks } = await readiness.report()
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(telemetry.contentType).send(await telemetry.metrics()),
  )
}

/** `/graphiql` and everything that it loads. */
export function addGraphiqlRoutes(app: FastifyInstance, options: GraphiqlOptions): void {
  const page = createGraphiqlPage(options)
  app.get('/graphiql', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': GRAPHIQL_POLICY, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(page),
  )
  app.get(`${GRAPHIQL_ASSETS}*`, async (request, reply) => {
    const file = await getStaticFile({
      staticPath: GRAPHIQL_ASSETS,
      urlPath: request.url,
      acceptEncoding: request.headers['accept-encoding'],
      disallowDevAssets: true,
    })
    if (file === null) return reply.callNotFound()
    return reply.headers(file.headers).header('cache-control', 'no-cache').send(file.content)
  })
  app.get('/', (_request, reply) => reply.redirect('/graphiql'))
}

/** `/media/NAME.svg` and `/avatar/ID.svg`, drawn from the name: nothing comes from elsewhere. */
export function addDrawingRoutes(app: FastifyInstance): void {
  app.get<{ Params: { name: string } }>('/media/:name', (request, reply) => {
    const { name } = request.params
    if (!DRAWING_NAME.test(name)) return reply.callNotFound()
    return reply
      .headers({ 'cache-control': FOREVER, 'x-content-type-options': 'nosniff' })
      .type('image/svg+xml')
      .send(drawMedia(name, name.endsWith('.mp4.svg')))
  })
  app.get<{ Params: { name: string } }>('/avatar/:name', (request, reply) => {
    const { name } = request.params
    if (!DRAWING_NAME.test(name)) return reply.callNotFound()
    return reply
      .headers({ 'cache-control': FOREVER, 'x-content-type-options': 'nosniff' })
      .type('image/svg+xml')
      .send(drawAvatar(name))
  })
}
