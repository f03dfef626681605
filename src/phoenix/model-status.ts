import type { MethodDefinition } from '@grpc/grpc-js'
import type { GetStatusRequest, GetStatusResponse } from '../gen/phoenix.ts'
import type { GrpcChannel } from './grpc-channel.ts'
import type { CallOptions } from './retrieval-client.ts'

/** What a service says of itself. */
export interface ModelStatus {
  readonly modelVersion: string
  /** Requests waiting. */
  readonly queueLength: number
  /** Another one than before: the service was restarted. */
  readonly instanceId: string
  /** How often another checkpoint took over since the process started. */
  readonly swaps: number
  /** Why the last checkpoint that came was refused; null = none was. */
  readonly lastRefusedCheckpoint: string | null
}

/** What the retrieval service says of itself. */
export interface RetrievalStatus extends ModelStatus {
  readonly indexSize: number
  /** Epoch ms; 0 = the index is empty. */
  readonly newestPostCreatedAtMs: number
  /** How it is searched: vnni, avx2, neon, plain or numpy, the slowest. */
  readonly scan: string
}

/** Asks a service for its status; a ranking service leaves the index fields empty. */
export async function readStatus(
  channel: GrpcChannel,
  method: MethodDefinition<GetStatusRequest, GetStatusResponse>,
  options: CallOptions,
): Promise<RetrievalStatus> {
  const answer = await channel.call(method, {}, options)
  return {
    modelVersion: answer.modelVersion,
    queueLength: answer.queueLength,
    instanceId: answer.instanceId,
    swaps: Number(answer.swaps),
    lastRefusedCheckpoint: answer.lastRefusedCheckpoint || null,
    indexSize: Number(answer.indexSize),
    newestPostCreatedAtMs: Number(answer.newestPostCreatedAtMs),
    scan: answer.scan,
  }
}
