import type { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RequestContext } from '../context.ts'
import type { RequestServices, Viewer } from '../context.ts'
import { FeedError } from '../errors.ts'
import { toExtensions, toGraphqlError } from './format-error.ts'
import type { RequestHeaders } from './authenticate.ts'

export interface GraphqlRouteOptions {
  readonly apollo: ApolloServer<RequestContext>
  readonly services: RequestServices
  readonly authenticate: (headers: RequestHeaders) => Promise<Viewer | null>
  /** ms from arrival to answer. */
  readonly requestTimeoutMs: number
  readonly now: () => number
}

interface Timing {
  readonly nowMs: number
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

const LATE = new FeedError(
  'DEADLINE_EXCEEDED',
  'The answer was not ready in time. Please try again.',
)

/** The body of an answer that is nothing but one error. */
export function toErrorBody(error: FeedError): object {
  return { errors: [{ message: error.message, extensions: toExtensions(error) }] }
}

/**
 * `POST /graphql` (and GET, for queries). Answers by the deadline, whatever hangs: then with
 * DEADLINE_EXCEEDED, and what is still running is told to stop.
 */
export function addGraphqlRoute(app: FastifyInstance, options: GraphqlRouteOptions): void {
  const timings = new WeakMap<FastifyRequest, Timing>()
  const handler = fastifyApolloHandler(options.apollo, {
    context: (request) => createContext(request, timings.get(request), options),
  })
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const controller = new AbortController()
      const nowMs = options.now()
      const deadlineMs = nowMs + options.requestTimeoutMs
      timings.set(request, { nowMs, deadlineMs, signal: controller.signal })
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) controller.abort(new Error('the client has gone'))
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<typeof LATE>((resolve) => {
        timer = setTimeout(() => resolve(LATE), options.requestTimeoutMs)
      })
      const running = Promise.resolve(handler.call(app, request, reply))
      // An answer after the deadline goes nowhere; Apollo has reported its errors.
      running.catch(() => undefined)
      const answer = await Promise.race([running, late]).finally(() => clearTimeout(timer))
      if (answer !== LATE) return answer
      controller.abort(LATE)
      options.services.telemetry.countRequest('late', LATE.code, options.requestTimeoutMs)
      return reply.code(504).type('application/json; charset=utf-8').send(toErrorBody(LATE))
    },
  })
}

async function createContext(
  request: FastifyRequest,
  timing: Timing | undefined,
  { services, authenticate }: GraphqlRouteOptions,
): Promise<RequestContext> {
  if (timing === undefined) throw new Error('The request has no timing.')
  return new RequestContext({
    ...timing,
    services,
    viewer: await authenticateOrRefuse(request, authenticate),
    baseUrl: `${request.protocol}://${request.host}`,
  })
}

async function authenticateOrRefuse(
  request: FastifyRequest,
  authenticate: GraphqlRouteOptions['authenticate'],
): Promise<Viewer | null> {
  try {
    return await authenticate(request.headers)
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    throw toGraphqlError(error, error.code === 'UNAUTHENTICATED' ? 401 : 400)
  }
}
