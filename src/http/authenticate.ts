import { errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { ROLES } from '../context.ts'
import type { Role, Viewer } from '../context.ts'
import { FeedError } from '../errors.ts'
import { toUserId } from '../ids.ts'

export interface AuthenticateOptions {
  /** HS256; null = no tokens. */
  readonly jwtSecret: string | null
  /** Accepts `x-viewer-id` and `x-viewer-roles`. */
  readonly isDevelopment: boolean
  readonly now: () => number
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Who asks: a verified bearer token, or in development mode the header `x-viewer-id` (`user:…` or
 * the bare number). Null = nobody said.
 *
 * @throws {FeedError} UNAUTHENTICATED for a token that does not hold, BAD_USER_INPUT for a header
 * that is not an id or a role.
 */
export function createAuthenticator(
  options: AuthenticateOptions,
): (headers: RequestHeaders) => Promise<Viewer | null> {
  const key = options.jwtSecret === null ? null : new TextEncoder().encode(options.jwtSecret)
  return async (headers) => {
    const authorization = textOf(headers, 'authorization')
    if (authorization !== null && key !== null) {
      return verifyToken(toToken(authorization), key, options.now)
    }
    if (options.isDevelopment) return readDevelopmentHeaders(headers)
    return null
  }
}

function textOf(headers: RequestHeaders, name: string): string | null {
  const value = headers[name]
  if (value === undefined) return null
  return typeof value === 'string' ? value : value.join(',')
}

function readDevelopmentHeaders(headers: RequestHeaders): Viewer | null {
  const text = textOf(headers, 'x-viewer-id')?.trim() ?? ''
  if (text === '') return null
  const id = toUserId(text.replace(/^user:/, ''))
  if (id === null) {
    throw new FeedError(
      'BAD_USER_INPUT',
      'The header x-viewer-id must be a user id: user:… or a number from 1 to ' +
        '9223372036854775807.',
      { field: 'x-viewer-id' },
    )
  }
  const roles = (textOf(headers, 'x-viewer-roles') ?? '')
    .split(',')
    .map((role) => role.trim().toUpperCase())
    .filter((role) => role !== '')
  return { id, roles: toRoles(roles), namedBy: 'x-viewer-id' }
}

function toRoles(names: readonly string[]): ReadonlySet<Role> {
  const roles = new Set<Role>(['VIEWER'])
  for (const name of names) {
    const role = ROLES.find((each) => each === name)
    if (role === undefined) {
      throw new FeedError(
        'BAD_USER_INPUT',
        `The header x-viewer-roles may hold ${ROLES.join(', ')}, separated by commas.`,
        { field: 'x-viewer-roles' },
      )
    }
    roles.add(role)
  }
  return roles
}

function unauthenticated(message: string, field: string): FeedError {
  return new FeedError('UNAUTHENTICATED', message, { field })
}

function toToken(authorization: string): string {
  const match = /^Bearer +([^\s]+)$/i.exec(authorization.trim())
  if (match?.[1] !== undefined) return match[1]
  throw unauthenticated(
    'The header authorization must be: Bearer, a space, a token.',
    'authorization',
  )
}

async function verifyToken(token: string, key: Uint8Array, now: () => number): Promise<Viewer> {
  const payload = await verify(token, key, now)
  const id = typeof payload.sub === 'string' ? toUserId(payload.sub.replace(/^user:/, '')) : null
  if (id === null) throw unauthenticated('The claim sub of the token is not a user id.', 'sub')
  return { id, roles: rolesOf(payload), namedBy: 'sub' }
}

async function verify(token: string, key: Uint8Array, now: () => number): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(now()),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw unauthenticated('The token has expired: get a new one.', 'authorization')
    }
    throw unauthenticated(
      'The token does not hold: it must be signed with HS256 and this server’s secret, and have ' +
        'the claims sub and exp.',
      'authorization',
    )
  }
}

/** Roles of other systems are passed over. */
function rolesOf(payload: JWTPayload): ReadonlySet<Role> {
  const claimed: unknown = payload['roles']
  const names = Array.isArray(claimed) ? claimed : []
  return new Set<Role>(['VIEWER', ...ROLES.filter((role) => names.includes(role))])
}
