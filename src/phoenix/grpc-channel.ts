import {
  Client,
  credentials,
  status,
  type ChannelOptions,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { Circuit } from './circuit.ts'
import { HEALTH_CHECK } from './grpc-health.ts'
import { PhoenixError, type PhoenixErrorCode, type PhoenixService } from './phoenix-error.ts'
import {
  KEEPALIVE_INTERVAL_MS,
  KEEPALIVE_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  PROBE_TIMEOUT_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_LONGEST_MS,
  UNANSWERED_MS_MIN,
} from './phoenix.params.ts'
import type { CallOptions } from './retrieval-client.ts'
import { RetryBudget } from './retry-budget.ts'

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_FIRST_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_LONGEST_MS,
  // Retries are ours: they know the budget and the deadline.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.use_local_subchannel_pool': 1,
}

const CODES: Readonly<Partial<Record<status, PhoenixErrorCode>>> = {
  [status.UNAVAILABLE]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
  [status.CANCELLED]: 'cancelled',
  [status.RESOURCE_EXHAUSTED]: 'overloaded',
  [status.INVALID_ARGUMENT]: 'invalid_argument',
}

export interface GrpcChannelOptions {
  readonly service: PhoenixService
  /** `host:port`. */
  readonly address: string
  readonly nowMs: () => number
}

/**
 * A connection to one Phoenix service that comes back by itself. Each call ends at its deadline or
 * its signal, whichever is first, and rejects with a `PhoenixError`; the server is told either
 * way. One retry when the service was not reached; none while its circuit is open.
 */
export class GrpcChannel {
  readonly service: PhoenixService
  readonly #address: string
  readonly #nowMs: () => number
  readonly #client: Client
  readonly #circuit: Circuit
  readonly #retries = new RetryBudget()

  constructor({ service, address, nowMs }: GrpcChannelOptions) {
    this.service = service
    this.#address = address
    this.#nowMs = nowMs
    this.#client = new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS)
    this.#circuit = new Circuit(nowMs)
  }

  /** True while the service is left alone after failures. */
  get isCircuitOpen(): boolean {
    return this.#circuit.isOpen
  }

  /** Asks the service. */
  async call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const pass = this.#circuit.enter()
    if (pass === 'refused') {
      throw this.#error('unavailable', 'is left alone for a moment after failures in a row')
    }
    const startedAtMs = this.#nowMs()
    try {
      if (pass === 'probe' && !(await this.isServing(this.#probeOptions(options)))) {
        throw this.#error('unavailable', 'says that it does not serve')
      }
      const response = await this.#callRetrying(method, request, options)
      this.#circuit.succeed()
      return response
    } catch (error) {
      this.#judge(error, this.#nowMs() - startedAtMs)
      throw error
    }
  }

  /**
   * Whether the service says that it serves; true for one without a health service. Neither heeds
   * nor moves the circuit. @throws {PhoenixError} when it does not answer.
   */
  async isServing(options: CallOptions): Promise<boolean> {
    try {
      const { isServing } = await this.#attempt(HEALTH_CHECK, {}, options)
      return isServing
    } catch (error) {
      const grpcStatus = error instanceof PhoenixError ? statusOf(error.cause) : undefined
      if (grpcStatus === status.UNIMPLEMENTED) return true
      throw error
    }
  }

  /** Ends the connection; running calls are cancelled. */
  close(): void {
    this.#client.close()
  }

  async #callRetrying<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    this.#retries.deposit()
    try {
      return await this.#attempt(method, request, options)
    } catch (error) {
      const wasReached = !(error instanceof PhoenixError) || error.code !== 'unavailable'
      const isOver = options.signal.aborted || this.#nowMs() >= options.deadlineMs
      if (wasReached || isOver || !this.#retries.tryWithdraw()) throw error
      return this.#attempt(method, request, options)
    }
  }

  #attempt<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    { signal, deadlineMs }: CallOptions,
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method
    if (signal.aborted) return Promise.reject(this.#error('cancelled', 'was not asked: too late'))
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: deadlineMs },
        (error, response) => {
          signal.removeEventListener('abort', cancel)
          if (error !== null) reject(this.#toPhoenixError(error))
          else if (response === undefined) reject(this.#error('bad_response', 'answered nothing'))
          else resolve(response)
        },
      )
      const cancel = () => call.cancel()
      signal.addEventListener('abort', cancel, { once: true })
    })
  }

  /** Tells the circuit what a failure says about the service, if anything. */
  #judge(error: unknown, waitedMs: number): void {
    const code = error instanceof PhoenixError ? error.code : 'failed'
    const isUnanswered = code === 'deadline_exceeded' || code === 'cancelled'
    if (code === 'unavailable') this.#circuit.fail()
    else if (!isUnanswered) this.#circuit.succeed()
    else if (waitedMs >= UNANSWERED_MS_MIN) this.#circuit.fail()
    else this.#circuit.release()
  }

  #probeOptions({ signal, deadlineMs }: CallOptions): CallOptions {
    return { signal, deadlineMs: Math.min(deadlineMs, this.#nowMs() + PROBE_TIMEOUT_MS) }
  }

  #toPhoenixError(error: ServiceError): PhoenixError {
    const code = CODES[error.code] ?? 'failed'
    return this.#error(code, error.details || status[error.code], error)
  }

  #error(code: PhoenixErrorCode, what: string, cause?: unknown): PhoenixError {
    const { service } = this
    return new PhoenixError({ service, code, what: `${this.#address} ${what}`, cause })
  }
}

function statusOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
