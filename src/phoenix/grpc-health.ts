import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { MethodDefinition } from '@grpc/grpc-js'

/** SERVING of grpc.health.v1. */
const SERVING = 1

/** Asks about the server as a whole. */
export type HealthCheckRequest = Record<string, never>

export interface HealthCheckResponse {
  readonly isServing: boolean
}

/** The method of grpc.health.v1 that is asked now and then. */
export const HEALTH_CHECK: MethodDefinition<HealthCheckRequest, HealthCheckResponse> = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  // HealthCheckRequest { string service = 1 }: the empty name is the whole server.
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => ({}),
  // HealthCheckResponse { ServingStatus status = 1 }
  responseSerialize: ({ isServing }) => Buffer.from([8, isServing ? SERVING : 2]),
  responseDeserialize: (bytes) => ({ isServing: readStatus(bytes) === SERVING }),
}

function readStatus(bytes: Buffer): number {
  const reader = new BinaryReader(bytes)
  let status = 0
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === 1) status = reader.int32()
    else reader.skip(wireType)
  }
  return status
}
