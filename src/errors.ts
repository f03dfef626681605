/** The closed list of `extensions.code` values that this gateway answers with. */
export type FeedErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'FEED_CURSOR_INVALID'
  | 'SAFETY_UNAVAILABLE'
  | 'UNAVAILABLE'
  | 'OVERLOADED'
  | 'DEADLINE_EXCEEDED'
  | 'LIMIT_EXCEEDED'
  | 'INTERNAL'

/** Codes after which the same request may succeed a moment later. */
const RETRYABLE: ReadonlySet<FeedErrorCode> = new Set([
  'SAFETY_UNAVAILABLE',
  'UNAVAILABLE',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
])

export interface FeedErrorOptions {
  /** The input field at fault, as the client wrote it: `first`, `filter.topics`. */
  readonly field?: string
  /** For the log only; never sent. */
  readonly cause?: unknown
}

/** An error a client may read: the message names the fault and the fix, and leaks nothing. */
export class FeedError extends Error {
  override readonly name = 'FeedError'
  readonly code: FeedErrorCode
  readonly field: string | undefined
  readonly retryable: boolean

  constructor(code: FeedErrorCode, message: string, options: FeedErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.field = options.field
    this.retryable = RETRYABLE.has(code)
  }
}
