/** The services, as messages, metrics and health details name them. */
export type PhoenixService = 'phoenix-retrieval' | 'phoenix-ranking'

/**
 * `unavailable`: not reached, or left alone after failures. `deadline_exceeded`, `cancelled`: no
 * answer before the call ended. `overloaded`: its queue is full. `invalid_argument`: the request
 * breaks its rules. `bad_response`: the answer breaks the contract. `failed`: anything else.
 */
export type PhoenixErrorCode =
  | 'unavailable'
  | 'deadline_exceeded'
  | 'cancelled'
  | 'overloaded'
  | 'invalid_argument'
  | 'bad_response'
  | 'failed'

const RETRYABLE: ReadonlySet<PhoenixErrorCode> = new Set([
  'unavailable',
  'deadline_exceeded',
  'overloaded',
])

export interface PhoenixFailure {
  readonly service: PhoenixService
  readonly code: PhoenixErrorCode
  /** What happened, in words; follows the service's name in the message. */
  readonly what: string
  readonly cause?: unknown
}

/** A call to a Phoenix service that brought no answer to use. For logs, never for clients. */
export class PhoenixError extends Error {
  override readonly name = 'PhoenixError'
  readonly service: PhoenixService
  readonly code: PhoenixErrorCode
  /** Whether the same call may succeed a moment later. */
  readonly retryable: boolean

  constructor({ service, code, what, cause }: PhoenixFailure) {
    super(`${service}: ${what}`, { cause })
    this.service = service
    this.code = code
    this.retryable = RETRYABLE.has(code)
  }
}
