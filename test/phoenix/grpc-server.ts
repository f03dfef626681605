import {
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import {
  HEALTH_CHECK,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from '../../src/phoenix/grpc-health.ts'

/** A service definition and what answers it. */
export type ServedService = readonly [ServiceDefinition, UntypedServiceImplementation]

export interface RunningGrpcServer {
  readonly address: string
  readonly port: number
  /** Ends it at once, connections included. */
  stop(): void
}

/** A real gRPC server on loopback; port 0 = any free one. */
export async function startGrpcServer(
  services: readonly ServedService[],
  port = 0,
): Promise<RunningGrpcServer> {
  const server = new Server({ 'grpc.max_receive_message_length': 32 * 1024 * 1024 })
  for (const [definition, implementation] of services) server.addService(definition, implementation)
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
      error === null ? resolve(found) : reject(error),
    )
  })
  return { address: `127.0.0.1:${bound}`, port: bound, stop: () => server.forceShutdown() }
}

/** What a method does with its calls, to be changed while it serves. */
export class Switchable<Request, Response> {
  calls = 0
  cancelled = 0
  #answer: (request: Request) => Response | ServerFault | 'hang'

  constructor(answer: (request: Request) => Response | ServerFault | 'hang') {
    this.#answer = answer
  }

  use(answer: (request: Request) => Response | ServerFault | 'hang'): void {
    this.#answer = answer
  }

  readonly handle: handleUnaryCall<Request, Response> = (call, callback) => {
    this.calls += 1
    call.on('cancelled', () => (this.cancelled += 1))
    const answer = this.#answer(call.request)
    if (answer === 'hang') return
    if (answer instanceof ServerFault) callback({ code: answer.code, details: answer.details })
    else callback(null, answer)
  }
}

export class ServerFault {
  readonly code: status
  readonly details: string

  constructor(code: status, details = status[code]) {
    this.code = code
    this.details = details
  }
}

export type HealthSwitch = Switchable<HealthCheckRequest, HealthCheckResponse>

/** grpc.health.v1 with one switch. */
export function healthService(check: HealthSwitch): ServedService {
  return [{ check: HEALTH_CHECK }, { check: check.handle }]
}

/** Limits of a call that has all the time it needs. */
export function unhurried() {
  return { signal: new AbortController().signal, deadlineMs: Date.now() + 30_000 }
}
