import { ApolloServer } from '@apollo/server'
import type { ApolloServerPlugin } from '@apollo/server'
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { Kind } from 'graphql'
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql'
import type { RequestContext } from '../context.ts'
import type { Logger, Telemetry } from '../telemetry.ts'
import { createErrorFormatter } from './format-error.ts'
import { OPERATION_LIMITS, operationLimits } from './operation-limits.ts'

export interface ApolloOptions {
  readonly schema: GraphQLSchema
  readonly telemetry: Telemetry
  readonly logger: Logger
  readonly isDevelopment: boolean
  readonly now: () => number
}

/** The root field that names an operation in metrics; known fields only, so that they are few. */
function fieldOf(operation: OperationDefinitionNode | undefined, schema: GraphQLSchema): string {
  const first = operation?.selectionSet.selections[0]
  if (first?.kind !== Kind.FIELD) return 'other'
  const name = first.name.value
  if (name.startsWith('__')) return 'introspection'
  return schema.getQueryType()?.getFields()[name] === undefined ? 'other' : name
}

function countRequests(
  { telemetry, now }: ApolloOptions,
  isLate: (context: RequestContext) => boolean,
): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse({ operation, schema, response, contextValue }) {
          if (isLate(contextValue)) return Promise.resolve()
          const errors =
            response.body.kind === 'single' ? response.body.singleResult.errors : undefined
          const code = errors?.[0]?.extensions?.['code']
          telemetry.countRequest(
            fieldOf(operation, schema),
            typeof code === 'string' ? code : 'OK',
            now() - contextValue.nowMs,
          )
          return Promise.resolve()
        },
      }),
  }
}

/** Apollo as this gateway uses it: no landing page, no cache control, bounded, errors closed. */
export function createApollo(options: ApolloOptions): ApolloServer<RequestContext> {
  const { schema, logger, isDevelopment } = options
  return new ApolloServer<RequestContext>({
    schema,
    introspection: isDevelopment,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !isDevelopment,
    parseOptions: { maxTokens: OPERATION_LIMITS.tokensMax },
    formatError: createErrorFormatter(logger),
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: unknown) => logger.warn('apollo', { message: String(message) }),
      error: (message: unknown) => logger.error('apollo', { message: String(message) }),
    },
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      operationLimits,
      countRequests(options, ({ signal }) => signal.aborted),
    ],
  })
}
