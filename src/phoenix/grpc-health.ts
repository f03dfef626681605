import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { MethodDefinition } from '@grpc/grpc-js'

/** SERVING of grpc.health.v1. */
const SERVING = 1

/** The method of grpc.health.v1 that asks about the server as a whole; true = it serves. */
export const HEALTH_CHECK: MethodDefinition<void, boolean> = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  // HealthCheckRequest { string service = 1 }: the empty name is the whole server.
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => undefined,
  // HealthCheckResponse { ServingStatus status = 1 }
  responseSerialize: (isServing) => Buffer.from([8, isServing ? SERVING : 2]),
  responseDeserialize: (bytes) => readStatus(bytes) === SERVING,
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
