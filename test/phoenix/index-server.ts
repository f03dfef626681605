import { status } from '@grpc/grpc-js'
import {
  RetrievalServiceService,
  type GetStatusRequest,
  type GetStatusResponse,
  type RemovePostsRequest,
  type RemovePostsResponse,
  type UpsertPostsRequest,
  type UpsertPostsResponse,
} from '../../src/gen/phoenix.ts'
import { ServerFault, startGrpcServer, Switchable, type RunningGrpcServer } from './grpc-server.ts'

/** A retrieval server whose index is a set of ids, with the faults that a test asks for. */
export class IndexServer {
  readonly ids = new Set<number>()
  /** Sizes of the upserts that were taken. */
  readonly upsertSizes: number[] = []
  /** Refused as invalid, with every other post of their request. */
  readonly refusedIds = new Set<number>()
  instanceId = 'first'
  isBroken = false
  #server: RunningGrpcServer | null = null

  readonly #upsert = new Switchable<UpsertPostsRequest, UpsertPostsResponse>(({ posts }) => {
    if (this.isBroken) return new ServerFault(status.UNAVAILABLE)
    const ids = (posts?.postIds ?? []).map(Number)
    const refused = ids.find((id) => this.refusedIds.has(id))
    if (refused !== undefined) {
      return new ServerFault(status.INVALID_ARGUMENT, `posts.created_at_ms of ${refused}`)
    }
    for (const id of ids) this.ids.add(id)
    this.upsertSizes.push(ids.length)
    return { indexSize: BigInt(this.ids.size) }
  })

  readonly #remove = new Switchable<RemovePostsRequest, RemovePostsResponse>(({ postIds }) => {
    if (this.isBroken) return new ServerFault(status.UNAVAILABLE)
    for (const id of postIds) this.ids.delete(Number(id))
    return { indexSize: BigInt(this.ids.size) }
  })

  readonly #status = new Switchable<GetStatusRequest, GetStatusResponse>(() => ({
    modelVersion: 'm1',
    indexSize: BigInt(this.ids.size),
    newestPostCreatedAtMs: 0n,
    queueLength: 0,
    instanceId: this.instanceId,
    ranking: undefined,
  }))

  async start(): Promise<string> {
    const { upsertPosts, removePosts, getStatus } = RetrievalServiceService
    this.#server = await startGrpcServer([
      [
        { upsertPosts, removePosts, getStatus },
        {
          upsertPosts: this.#upsert.handle,
          removePosts: this.#remove.handle,
          getStatus: this.#status.handle,
        },
      ],
    ])
    return this.#server.address
  }

  /** Another process at the same address, its index empty. */
  replace(instanceId: string): void {
    this.ids.clear()
    this.instanceId = instanceId
  }

  get sortedIds(): readonly number[] {
    return [...this.ids].sort((a, b) => a - b)
  }

  stop(): void {
    this.#server?.stop()
  }
}
