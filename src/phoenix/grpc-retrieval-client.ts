import { RetrievalServiceService, type PackedCandidates } from '../gen/phoenix.ts'
import { trustPostId, trustUserId } from '../ids.ts'
import type { EmbeddingClient, PostVectors } from './embedding-client.ts'
import type { GrpcChannel } from './grpc-channel.ts'
import { readStatus, type RetrievalStatus } from './model-status.ts'
import { toFloats, toPackedActions, toPackedCandidates } from './packed-messages.ts'
import { PhoenixError } from './phoenix-error.ts'
import { RETRIEVED_MAX } from './phoenix.params.ts'
import type {
  CallOptions,
  RetrievalAnswer,
  RetrievalClient,
  RetrievedPost,
  RetrieveQuery,
} from './retrieval-client.ts'
import type { IndexedPost, RetrievalIndex } from './retrieval-index.ts'

/** The retrieval service over gRPC, in the packed form: searches, embeds, keeps its index. */
export class GrpcRetrievalClient implements RetrievalClient, RetrievalIndex, EmbeddingClient {
  readonly #channel: GrpcChannel

  constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  async retrieve(query: RetrieveQuery, options: CallOptions): Promise<RetrievalAnswer> {
    const { resultsMax } = query
    if (!Number.isInteger(resultsMax) || resultsMax < 1 || resultsMax > RETRIEVED_MAX) {
      throw new RangeError(`resultsMax is ${resultsMax}: give 1 to ${RETRIEVED_MAX}`)
    }
    const answer = await this.#channel.call(
      RetrievalServiceService.retrieve,
      {
        userId: BigInt(query.viewerId),
        userActionSequence: undefined,
        maxResults: resultsMax,
        packedActions: toPackedActions(query.actions),
        postsPerAuthorMax: query.postsPerAuthorMax,
        among: query.among === undefined ? undefined : { postIds: query.among.map(BigInt) },
      },
      options,
    )
    const { packedCandidates, scores, modelVersion } = answer
    // An answer without any post may leave its columns out altogether.
    const posts = packedCandidates === undefined ? [] : this.#toPosts(packedCandidates, scores)
    return { posts, modelVersion }
  }

  async upsert(posts: readonly IndexedPost[], options: CallOptions): Promise<number> {
    const request = { posts: toPackedCandidates(posts) }
    const answer = await this.#channel.call(RetrievalServiceService.upsertPosts, request, options)
    return Number(answer.indexSize)
  }

  async remove(postIds: readonly string[], options: CallOptions): Promise<number> {
    const request = { postIds: postIds.map(BigInt) }
    const answer = await this.#channel.call(RetrievalServiceService.removePosts, request, options)
    return Number(answer.indexSize)
  }

  async embed(posts: readonly IndexedPost[], options: CallOptions): Promise<PostVectors> {
    const request = { posts: toPackedCandidates(posts) }
    const answer = await this.#channel.call(RetrievalServiceService.embedPosts, request, options)
    const { dimension, modelVersion } = answer
    const vectors = toFloats(answer.vectors, posts.length * dimension)
    if (dimension < 1 || vectors === null) {
      const bytes = answer.vectors.byteLength
      throw this.#badResponse(`answered ${bytes} bytes for ${posts.length} x ${dimension} numbers`)
    }
    return { vectors, dimension, modelVersion }
  }

  status(options: CallOptions): Promise<RetrievalStatus> {
    return readStatus(this.#channel, RetrievalServiceService.getStatus, options)
  }

  #toPosts(columns: PackedCandidates, scores: readonly number[]): RetrievedPost[] {
    const { postIds, authorIds, createdAtMs } = columns
    const count = postIds.length
    const lengths = [authorIds.length, createdAtMs.length, scores.length]
    if (lengths.some((length) => length !== count)) {
      throw this.#badResponse(`answered columns of ${count}, ${lengths.join(', ')} entries`)
    }
    return postIds.map((postId, index) => {
      const authorId = authorIds[index] ?? 0n
      const similarity = scores[index] ?? Number.NaN
      if (postId < 1n || authorId < 1n || Number.isNaN(similarity)) {
        throw this.#badResponse(`answered post ${postId} of ${authorId} with score ${similarity}`)
      }
      return {
        postId: trustPostId(postId),
        authorId: trustUserId(authorId),
        createdAtMs: Number(createdAtMs[index] ?? 0n),
        similarity,
      }
    })
  }

  #badResponse(what: string): PhoenixError {
    return new PhoenixError({ service: this.#channel.service, code: 'bad_response', what })
  }
}
