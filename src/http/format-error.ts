import { unwrapResolverError } from '@apollo/server/errors'
import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { GraphQLFormattedError } from 'graphql'
import { FeedError } from '../errors.ts'
import type { FeedErrorCode } from '../errors.ts'
import { DatabaseTimeoutError } from '../store/bounded-pool.ts'
import { describeError } from '../telemetry.ts'
import type { Logger } from '../telemetry.ts'

/** The codes that Apollo gives, as ours. Others are INTERNAL. */
const APOLLO_CODES: Readonly<Record<string, string>> = {
  GRAPHQL_PARSE_FAILED: 'GRAPHQL_PARSE_FAILED',
  GRAPHQL_VALIDATION_FAILED: 'GRAPHQL_VALIDATION_FAILED',
  PERSISTED_QUERY_NOT_FOUND: 'PERSISTED_QUERY_NOT_FOUND',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_USER_INPUT',
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
}

/** Faults of the connection to the database, by SQLSTATE class or system error. */
const DATABASE_GONE = /^(08|57P|53)|^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT)/

const UNAVAILABLE = new FeedError(
  'UNAVAILABLE',
  'The database does not answer at the moment. Please try again.',
)

/** The part of an answer that `extensions` shows of one of our own errors. */
export function toExtensions(error: FeedError): Record<string, unknown> {
  return {
    code: error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.retryable ? { retryable: true } : {}),
  }
}

/** As an error that Apollo answers whole, with its HTTP status. */
export function toGraphqlError(error: FeedError, status: number): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { ...toExtensions(error), http: { status } },
  })
}

function isDatabaseGone(error: unknown): boolean {
  if (error instanceof DatabaseTimeoutError) return true
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string' && DATABASE_GONE.test(error.code)) {
    return true
  }
  return /Connection terminated|Client has encountered a connection error/.test(error.message)
}

/**
 * Every error of an answer, with a code of the closed list. What was not meant for clients is
 * logged under an id, and the client gets the id alone.
 */
export function createErrorFormatter(
  logger: Logger,
): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const { locations, path } = formatted
    const where = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) }
    const original = originalOf(error)
    if (original instanceof FeedError && original.code !== 'INTERNAL') {
      return { message: original.message, ...where, extensions: toExtensions(original) }
    }
    const code = limitOf(error, formatted) ?? APOLLO_CODES[String(formatted.extensions?.['code'])]
    // A GraphQLError that came from elsewhere than a resolver: written for clients.
    if (code !== undefined && !(original instanceof FeedError)) {
      return { message: formatted.message, ...where, extensions: { code } }
    }
    if (isDatabaseGone(original)) {
      logger.warn('database_unavailable', { path, error: describeError(original) })
      return { message: UNAVAILABLE.message, ...where, extensions: toExtensions(UNAVAILABLE) }
    }
    const errorId = randomUUID()
    logger.error('internal_error', { errorId, path, error: describeError(original) })
    const internal: FeedErrorCode = 'INTERNAL'
    return {
      message: `Something went wrong here; it is logged under the error id ${errorId}.`,
      ...where,
      extensions: { code: internal, errorId },
    }
  }
}

function originalOf(error: unknown): unknown {
  const inner = unwrapResolverError(error)
  return inner instanceof GraphQLError && inner.originalError ? inner.originalError : inner
}

/** graphql-js counts tokens while it parses, and reports it as a syntax error. */
function limitOf(error: unknown, { message }: GraphQLFormattedError): 'LIMIT_EXCEEDED' | null {
  if (/Document contains more tha[nt] \d+ tokens/.test(message)) return 'LIMIT_EXCEEDED'
  const inner = error instanceof GraphQLError ? error.originalError : null
  return inner instanceof GraphQLError && inner.extensions['code'] === 'LIMIT_EXCEEDED'
    ? 'LIMIT_EXCEEDED'
    : null
}
