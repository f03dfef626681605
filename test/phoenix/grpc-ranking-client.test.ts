import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DISCRETE_ACTION_COUNT } from '../../src/gen/actions.ts'
import {
  RankingServiceService,
  type RankRequest,
  type RankResponse,
} from '../../src/gen/phoenix.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import { GrpcRankingClient } from '../../src/phoenix/grpc-ranking-client.ts'
import {
  ServerFault,
  startGrpcServer,
  Switchable,
  unhurried,
  type RunningGrpcServer,
} from './grpc-server.ts'

const NOW_MS = 1_780_000_000_000
const VIEWER = trustUserId('9223372036854775807')

/** Each probability tells its post and action; the second action is a head that is missing. */
function probabilitiesOf(postIds: readonly bigint[]): Float32Array {
  return Float32Array.from({ length: postIds.length * DISCRETE_ACTION_COUNT }, (_, at) => {
    const action = at % DISCRETE_ACTION_COUNT
    const post = Number(postIds[Math.floor(at / DISCRETE_ACTION_COUNT)])
    return action === 1 ? Number.NaN : post / 100_000 + action / 1_000
  })
}

function toBytes(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer)
}

function answerTo({ packedCandidates }: RankRequest): RankResponse {
  const postIds = packedCandidates?.postIds ?? []
  return {
    predictions: [],
    packedProbabilities: toBytes(probabilitiesOf(postIds)),
    packedDwellSeconds: toBytes(Float32Array.from(postIds, Number)),
    modelVersion: 'm1',
  }
}

function reversed({ packedCandidates }: RankRequest): RankRequest['packedCandidates'] {
  if (packedCandidates === undefined) return undefined
  return { ...packedCandidates, postIds: packedCandidates.postIds.toReversed() }
}

const candidates = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    postId: trustPostId(String(at + 1)),
    authorId: trustUserId(String((at % 7) + 1)),
    createdAtMs: NOW_MS - at,
  }))

describe('the ranking client', () => {
  let requests: RankRequest[]
  let answers: Switchable<RankRequest, RankResponse>
  let server: RunningGrpcServer
  let channel: GrpcChannel
  let client: GrpcRankingClient

  const rank = (count: number) =>
    client.rank(
      {
        requestId: 'r',
        viewerId: VIEWER,
        actions: [],
        candidates: candidates(count),
        nowMs: NOW_MS,
      },
      unhurried(),
    )

  beforeEach(async () => {
    requests = []
    answers = new Switchable((request) => {
      requests.push(request)
      return answerTo(request)
    })
    server = await startGrpcServer([
      [{ rank: RankingServiceService.rank }, { rank: answers.handle }],
    ])
    channel = new GrpcChannel({
      service: 'phoenix-ranking',
      address: server.address,
      nowMs: Date.now,
    })
    client = new GrpcRankingClient(channel)
  })
  afterEach(() => {
    channel.close()
    server.stop()
  })

  it('asks in the packed form and gives the matrix as it came, NaN included', async () => {
    const answer = await rank(3)
    expect(answer.probabilities).toEqual(probabilitiesOf([1n, 2n, 3n]))
    expect([...answer.dwellSeconds]).toEqual([1, 2, 3])
    expect(answer.modelVersion).toBe('m1')
    expect(requests).toMatchObject([
      {
        userId: 2n ** 63n - 1n,
        candidates: [],
        requestTimeMs: BigInt(NOW_MS),
        packedCandidates: {
          postIds: [1n, 2n, 3n],
          authorIds: [1n, 2n, 3n],
          createdAtMs: [0, 1, 2].map((at) => BigInt(NOW_MS - at)),
        },
      },
    ])
    // A viewer without a history still asks, and is answered, in the packed form.
    expect(requests[0]?.packedActions?.postIds).toEqual([])
  })

  it('sends the history as columns', async () => {
    const action = { authorId: trustUserId('5'), actedAtMs: NOW_MS, postCreatedAtMs: 0 }
    const actions = [
      { ...action, postId: trustPostId('8'), actionIndexes: [0, 17], dwellSeconds: 0, surface: 0 },
      { ...action, postId: trustPostId('9'), actionIndexes: [2], dwellSeconds: 1.5, surface: 3 },
    ]
    await client.rank(
      { requestId: 'r', viewerId: VIEWER, actions, candidates: candidates(1), nowMs: NOW_MS },
      unhurried(),
    )
    const sent = requests[0]?.packedActions
    const row = (...indexes: readonly number[]) =>
      Array.from({ length: DISCRETE_ACTION_COUNT }, (_, at) => (indexes.includes(at) ? 1 : 0))
    expect([...(sent?.multiHot ?? [])]).toEqual([...row(0, 17), ...row(2)])
    expect(sent).toMatchObject({ postIds: [8n, 9n], authorIds: [5n, 5n], dwellSeconds: [0, 1.5] })
    expect([...(sent?.surfaces ?? [])]).toEqual([0, 3])
  })

  it('splits what is too much for one call, and keeps the order', async () => {
    const answer = await rank(10_007)
    const sizes = requests.map(({ packedCandidates }) => packedCandidates?.postIds.length)
    expect(new Set(sizes)).toEqual(new Set([5_000, 7]))
    expect(sizes).toHaveLength(3)
    const ids = Array.from({ length: 10_007 }, (_, at) => BigInt(at + 1))
    expect(answer.probabilities).toEqual(probabilitiesOf(ids))
    expect(answer.dwellSeconds).toEqual(Float32Array.from(ids, Number))
  })

  it('asks nobody about no candidates', async () => {
    expect((await rank(0)).probabilities).toHaveLength(0)
    expect(answers.calls).toBe(0)
  })

  it('refuses an answer that breaks the contract', async () => {
    answers.use((request) => ({ ...answerTo(request), packedDwellSeconds: new Uint8Array(4) }))
    await expect(rank(2)).rejects.toMatchObject({
      code: 'bad_response',
      message: 'phoenix-ranking: answered 144 and 4 bytes for 2 candidates',
    })
    const tooLikely = toBytes(new Float32Array(DISCRETE_ACTION_COUNT).fill(1.5))
    answers.use((request) => ({ ...answerTo(request), packedProbabilities: tooLikely }))
    await expect(rank(1)).rejects.toThrow('a probability outside 0 to 1')
  })

  it('asks all parts again when a model takes over between two of them', async () => {
    // The first of four calls meets the old model, whose scores are others.
    answers.use((request) =>
      answers.calls === 1
        ? { ...answerTo({ ...request, packedCandidates: reversed(request) }), modelVersion: 'm0' }
        : answerTo(request),
    )
    const answer = await rank(5_001)
    expect(answers.calls).toBe(4)
    expect(answer.modelVersion).toBe('m1')
    const ids = Array.from({ length: 5_001 }, (_, at) => BigInt(at + 1))
    expect(answer.probabilities).toEqual(probabilitiesOf(ids))
  })

  it('gives up on a service whose model is another one with every call', async () => {
    answers.use((request) => ({ ...answerTo(request), modelVersion: `m${answers.calls}` }))
    await expect(rank(5_001)).rejects.toMatchObject({
      code: 'bad_response',
      message: 'phoenix-ranking: changed its model during 3 tries of one request',
    })
    expect(answers.calls).toBe(6)
  })

  it('rejects as a whole when one part fails', async () => {
    answers.use((request) =>
      request.packedCandidates?.postIds.length === 1
        ? new ServerFault(status.RESOURCE_EXHAUSTED, 'the queue is full')
        : answerTo(request),
    )
    await expect(rank(5_001)).rejects.toMatchObject({ code: 'overloaded', retryable: true })
  })
})
