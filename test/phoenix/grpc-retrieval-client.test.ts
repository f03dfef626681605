import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  RetrievalServiceService,
  type EmbedPostsRequest,
  type EmbedPostsResponse,
  type PackedCandidates,
  type RetrieveRequest,
  type RetrieveResponse,
} from '../../src/gen/phoenix.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import { GrpcRetrievalClient } from '../../src/phoenix/grpc-retrieval-client.ts'
import { startGrpcServer, Switchable, unhurried, type RunningGrpcServer } from './grpc-server.ts'

const FOUND: PackedCandidates = {
  postIds: [2n ** 63n - 1n, 5n],
  authorIds: [7n, 8n],
  createdAtMs: [1_780_000_000_000n, 1_780_000_000_001n],
  surfaces: new Uint8Array(0),
}
const QUERY = {
  viewerId: trustUserId('4'),
  actions: [],
  resultsMax: 1_000,
  postsPerAuthorMax: 20,
}

function response(changed: Partial<RetrieveResponse> = {}): RetrieveResponse {
  const usual = { candidates: [], packedCandidates: FOUND, scores: [0.5, -0.25] }
  return { ...usual, modelVersion: 'm1', ...changed }
}

describe('the retrieval client', () => {
  let requests: RetrieveRequest[]
  let answers: Switchable<RetrieveRequest, RetrieveResponse>
  const vectors = new Switchable<EmbedPostsRequest, EmbedPostsResponse>(() => ({
    vectors: new Uint8Array(20 * 1024 * 1024),
    dimension: 128,
    modelVersion: 'm1',
  }))
  let server: RunningGrpcServer
  let channel: GrpcChannel
  let client: GrpcRetrievalClient

  beforeEach(async () => {
    requests = []
    answers = new Switchable((request) => {
      requests.push(request)
      return response()
    })
    const { retrieve, embedPosts } = RetrievalServiceService
    server = await startGrpcServer([
      [
        { retrieve, embedPosts },
        { retrieve: answers.handle, embedPosts: vectors.handle },
      ],
    ])
    channel = new GrpcChannel({
      service: 'phoenix-retrieval',
      address: server.address,
      nowMs: Date.now,
    })
    client = new GrpcRetrievalClient(channel)
  })
  afterEach(() => {
    channel.close()
    server.stop()
  })

  it('gives the posts best first, ids as decimal strings', async () => {
    expect(await client.retrieve(QUERY, unhurried())).toEqual({
      modelVersion: 'm1',
      posts: [
        {
          postId: '9223372036854775807',
          authorId: '7',
          createdAtMs: 1_780_000_000_000,
          similarity: 0.5,
        },
        { postId: '5', authorId: '8', createdAtMs: 1_780_000_000_001, similarity: -0.25 },
      ],
    })
    expect(requests).toMatchObject([{ userId: 4n, maxResults: 1_000, postsPerAuthorMax: 20 }])
    expect(requests[0]?.packedActions?.postIds).toEqual([])
  })

  it('asks among some posts, which may be none, or among all', async () => {
    await client.retrieve(
      { ...QUERY, among: ['9223372036854775807', '5'].map(trustPostId) },
      unhurried(),
    )
    await client.retrieve({ ...QUERY, among: [] }, unhurried())
    await client.retrieve(QUERY, unhurried())
    expect(requests.map(({ among }) => among?.postIds)).toEqual([
      [2n ** 63n - 1n, 5n],
      [],
      undefined,
    ])
  })

  it('takes an empty index for an answer', async () => {
    answers.use(() => response({ packedCandidates: undefined, scores: [] }))
    expect((await client.retrieve(QUERY, unhurried())).posts).toEqual([])
  })

  it.each([0, 5_001, 1.5])('refuses to ask for %d posts', async (resultsMax) => {
    const asking = client.retrieve({ ...QUERY, resultsMax }, unhurried())
    await expect(asking).rejects.toThrow(`resultsMax is ${resultsMax}: give 1 to 5000`)
    expect(answers.calls).toBe(0)
  })

  it('refuses an answer that breaks the contract', async () => {
    const asking = () => client.retrieve(QUERY, unhurried())
    answers.use(() => response({ scores: [0.5] }))
    await expect(asking()).rejects.toMatchObject({
      code: 'bad_response',
      message: 'phoenix-retrieval: answered columns of 2, 2, 2, 1 entries',
    })
    answers.use(() => response({ packedCandidates: { ...FOUND, postIds: [1n, 0n] } }))
    await expect(asking()).rejects.toThrow('answered post 0 of 8')
    answers.use(() => response({ scores: [0.5, Number.NaN] }))
    await expect(asking()).rejects.toThrow('with score NaN')
  })

  it('takes messages far above the 4 MB that gRPC allows by default', async () => {
    const request = { posts: undefined }
    const answer = await channel.call(RetrievalServiceService.embedPosts, request, unhurried())
    expect(answer.vectors).toHaveLength(20 * 1024 * 1024)
  })
})
