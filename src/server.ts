import cors from '@fastify/cors'
import fastify from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import type { RequestServices } from './context.ts'
import { FeedError } from './errors.ts'
import { Experiments } from './experiments/experiments.ts'
import { createAuthenticator } from './http/authenticate.ts'
import { createApollo } from './http/create-apollo.ts'
import type { Persona } from './http/graphiql.ts'
import { addGraphqlRoute, toErrorBody } from './http/graphql-route.ts'
import { isLoopbackHost } from './http/host-header.ts'
import { Readiness } from './http/readiness.ts'
import type { HealthCheck } from './http/readiness.ts'
import { addDrawingRoutes, addGraphiqlRoutes, addHealthRoutes } from './http/routes.ts'
import type { Prompts } from './pipeline/blending/prompts.ts'
import type { HomeFeed } from './pipeline/home-feed.ts'
import { HOME_FEED_PARAMS } from './pipeline/home-feed.params.ts'
import { createHomeFeedTable } from './pipeline/home-feed.table.ts'
import { readSwitchRules } from './pipeline/params/switch-rules.ts'
import { SearchTexts } from './pipeline/muted-keywords/search-text.ts'
import { SEARCH_TEXT_PARAMS } from './pipeline/process.params.ts'
import { NO_AUTHOR_LISTS } from './pipeline/visibility/author-lists.ts'
import type { AuthorLists } from './pipeline/visibility/author-lists.ts'
import { createSchema } from './resolvers/create-schema.ts'
import { CursorCodec } from './sessions/cursor-codec.ts'
import { HomeFeedSessions } from './sessions/home-feed-sessions.ts'
import { ServedWriter } from './sessions/served-writer.ts'
import { SESSION_PARAMS } from './sessions/sessions.params.ts'
import { SessionStore } from './sessions/session-store.ts'
import type { Loaders } from './store/loaders.ts'
import type { ServedRecord, ViewerStore } from './store/viewer-store.ts'
import { describeError } from './telemetry.ts'
import type { Logger, Telemetry } from './telemetry.ts'

/** Bytes of a request's body at most. */
const BODY_BYTES_MAX = 256 * 1024

export interface ServerDependencies {
  readonly config: Pick<Config, 'host' | 'port' | 'jwtSecret' | 'isDevelopment' | 'corsOrigins'>
  /** The first signs, all verify. */
  readonly cursorKeys: readonly string[]
  readonly homeFeed: Pick<HomeFeed, 'rank' | 'open' | 'recheck' | 'recheckModules'>
  /** Default none. */
  readonly experiments?: Experiments
  readonly viewerStore: ViewerStore
  readonly prompts: Prompts
  /** A fresh set a request. */
  readonly createLoaders: () => Loaders
  /** Texts cut for muted keywords; the pipeline's, where there is one. */
  readonly searchTexts?: SearchTexts
  /** Default: nobody is listed. */
  readonly authorLists?: AuthorLists
  readonly personas: readonly Persona[]
  readonly healthChecks: readonly HealthCheck[]
  readonly telemetry: Telemetry
  readonly logger: Logger
  readonly now: () => number
  /** Told of every page that goes out. */
  readonly onServed?: (record: ServedRecord) => void
  /** ms from arrival to answer; the parameter `request.budgetMs` when absent. */
  readonly requestTimeoutMs?: number
  /** ms that an unused session is kept; `SESSION_PARAMS.idleMs` when absent. */
  readonly sessionIdleMs?: number
}

export interface GatewayServer {
  /** Starts to listen. Resolves to the address, with the port that it got. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Lets running requests end, then frees the port. */
  close(): Promise<void>
}

/** The gateway over HTTP: GraphQL, GraphiQL, drawings, health, metrics. */
export async function createServer(dependencies: ServerDependencies): Promise<GatewayServer> {
  const { config, telemetry, logger, now } = dependencies
  const servedWriter = createServedWriter(dependencies)
  const services = createServices(dependencies, servedWriter)
  const apollo = createApollo({
    schema: await createSchema(),
    telemetry,
    logger,
    isDevelopment: config.isDevelopment,
    now,
  })
  await apollo.start()
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    logger: false,
    routerOptions: { maxParamLength: 100 },
  })
  await addGuards(app, config)
  addErrorAnswers(app, logger)
  addGraphqlRoute(app, {
    apollo,
    services,
    authenticate: createAuthenticator({ ...config, now }),
    requestTimeoutMs: dependencies.requestTimeoutMs ?? HOME_FEED_PARAMS.request.budgetMs,
    now,
  })
  const readiness = new Readiness(dependencies.healthChecks, (name, error) =>
    logger.warn('not_healthy', { check: name, error: describeError(error) }),
  )
  addHealthRoutes(app, { readiness, telemetry })
  addGraphiqlRoutes(app, { ...dependencies, isDevelopment: config.isDevelopment })
  addDrawingRoutes(app)
  return {
    async listen() {
      await app.listen({ host: config.host, port: config.port })
      const { port } = app.server.address() as { port: number }
      const host = config.host.includes(':') ? `[${config.host}]` : config.host
      return { url: `http://${host}:${port}`, port }
    },
    async close() {
      await app.close()
      await apollo.stop()
      await servedWriter.drain()
    },
  }
}

function createServedWriter(dependencies: ServerDependencies): ServedWriter {
  const { viewerStore, telemetry, logger, onServed } = dependencies
  return new ServedWriter({
    viewerStore,
    onServed,
    waitMs: SESSION_PARAMS.servedWriteWaitMs,
    onFailure(record, error) {
      telemetry.countServedFailure()
      logger.warn('served_not_recorded', {
        viewerId: record.viewerId,
        requestId: record.posts[0]?.requestId,
        posts: record.posts.length,
        error: describeError(error),
      })
    },
  })
}

function createServices(
  dependencies: ServerDependencies,
  servedWriter: ServedWriter,
): RequestServices {
  const { config, telemetry, viewerStore, homeFeed, logger, now } = dependencies
  const { sessionsMax, entriesMax } = SESSION_PARAMS
  const { experiments = new Experiments([]) } = dependencies
  const store = new SessionStore({
    sessionsMax,
    entriesMax,
    idleMs: dependencies.sessionIdleMs ?? SESSION_PARAMS.idleMs,
    now,
  })
  telemetry.gauge('homefeed_sessions', 'Sessions in memory.', () => store.size)
  telemetry.gauge(
    'homefeed_session_entries',
    'Ranked posts in all sessions.',
    () => store.entryCount,
  )
  return {
    sessions: new HomeFeedSessions({
      homeFeed,
      viewerStore,
      servedWriter,
      store,
      codec: new CursorCodec(dependencies.cursorKeys),
      resolveSettings: (viewerId, overrides) => experiments.settingsOf(viewerId, overrides),
      onExposure(exposure) {
        telemetry.countExposure(exposure.arms)
        logger.info('exposure', { ...exposure })
      },
      createRequestId: randomUUID,
      now,
    }),
    viewerStore,
    prompts: dependencies.prompts,
    telemetry,
    switchRules: readSwitchRules(createHomeFeedTable().stages),
    createLoaders: dependencies.createLoaders,
    searchTexts: dependencies.searchTexts ?? new SearchTexts(SEARCH_TEXT_PARAMS),
    authorLists: dependencies.authorLists ?? NO_AUTHOR_LISTS,
    isDevelopment: config.isDevelopment,
  }
}

async function addGuards(
  app: FastifyInstance,
  { isDevelopment, corsOrigins }: ServerDependencies['config'],
): Promise<void> {
  if (isDevelopment) {
    app.addHook('onRequest', async (request, reply) => {
      if (isLoopbackHost(request.headers.host)) return
      const error = new FeedError(
        'FORBIDDEN',
        'In development mode the Host header must be localhost, 127.0.0.1 or [::1].',
        { field: 'host' },
      )
      await reply.code(403).send(toErrorBody(error))
    })
  }
  await app.register(cors, {
    origin: [...corsOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: [
      'content-type',
      'authorization',
      'x-viewer-id',
      'x-viewer-roles',
      'apollo-require-preflight',
    ],
    maxAge: 600,
  })
}

/** Faults before GraphQL, in the form that a GraphQL client reads. */
function addErrorAnswers(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send(toErrorBody(new FeedError('NOT_FOUND', 'There is nothing here: try /graphiql.'))),
  )
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status === 413) {
      const message = `The body is larger than ${BODY_BYTES_MAX / 1024} kB.`
      return reply.code(413).send(toErrorBody(new FeedError('LIMIT_EXCEEDED', message)))
    }
    if (status === 415) {
      const message = 'The body must have the content-type application/json.'
      return reply.code(415).send(toErrorBody(new FeedError('BAD_USER_INPUT', message)))
    }
    if (status >= 400 && status < 500) {
      const message = 'The body is not the JSON of a GraphQL request: {"query": "…"}.'
      return reply.code(status).send(toErrorBody(new FeedError('BAD_USER_INPUT', message)))
    }
    const errorId = randomUUID()
    logger.error('http_error', { errorId, error: describeError(error) })
    const message = `Something went wrong here; it is logged under the error id ${errorId}.`
    return reply.code(500).send(toErrorBody(new FeedError('INTERNAL', message)))
  })
}
