import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createEvent } from '../../src/events/event-codec.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import { DISCRETE_ACTION_COUNT } from '../../src/gen/actions.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import { GrpcRankingClient } from '../../src/phoenix/grpc-ranking-client.ts'
import { GrpcRetrievalClient } from '../../src/phoenix/grpc-retrieval-client.ts'
import { IndexFeeder } from '../../src/phoenix/index-feeder.ts'
import type { PhoenixService } from '../../src/phoenix/phoenix-error.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { openTestDatabase } from '../postgres.ts'
import { waitFor } from '../wait-for.ts'
import { unhurried } from './grpc-server.ts'
import {
  installRandomCheckpoint,
  saveRandomCheckpoint,
  startPythonService,
  type PythonService,
  type RandomCheckpoint,
} from './python-service.ts'

const nowMs = Date.now()
const VIEWER = trustUserId('42')
const ACTIONS = [3, 4, 5].map((id) => ({
  postId: trustPostId(String(id)),
  authorId: trustUserId(String(id + 100)),
  actionIndexes: [0, id],
  dwellSeconds: id === 4 ? 2.5 : 0,
  surface: 0,
  actedAtMs: nowMs - 10_000,
  postCreatedAtMs: nowMs - 20_000,
}))

const posts = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    postId: trustPostId(String(1_000 + at)),
    authorId: trustUserId(String(1 + at)),
    createdAtMs: nowMs - 1_000 - at,
  }))

function largestDifference(found: Float32Array, expected: Float32Array): number {
  return Math.max(...found.map((value, at) => Math.abs(value - (expected[at] ?? Infinity))))
}

let checkpoint: RandomCheckpoint
const channels: GrpcChannel[] = []

function openChannel(service: PhoenixService, { address }: PythonService): GrpcChannel {
  const channel = new GrpcChannel({ service, address, nowMs: Date.now })
  channels.push(channel)
  return channel
}

beforeAll(() => {
  checkpoint = saveRandomCheckpoint()
})
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close()
})
afterAll(() => checkpoint.remove())

describe('the real ranking service', () => {
  let service: PythonService

  const openClient = () => new GrpcRankingClient(openChannel('phoenix-ranking', service))
  const rank = (client: GrpcRankingClient, count: number, options = unhurried()) =>
    client.rank(
      { requestId: 'r', viewerId: VIEWER, actions: ACTIONS, candidates: posts(count), nowMs },
      options,
    )

  beforeAll(async () => {
    service = await startPythonService('ranking_service', checkpoint)
  })
  afterAll(() => service.kill())

  it('scores each candidate by itself, whatever stands beside it', async () => {
    const client = openClient()
    const [many, few] = await Promise.all([rank(client, 40), rank(client, 2)])
    expect(many.probabilities).toHaveLength(40 * DISCRETE_ACTION_COUNT)
    expect(many.dwellSeconds).toHaveLength(40)
    expect(many.modelVersion).toBe((await client.status(unhurried())).modelVersion)
    for (const [at, value] of few.probabilities.entries()) {
      expect(value).toBeCloseTo(many.probabilities[at] ?? -1, 5)
      expect(value).toBeGreaterThan(0)
      expect(value).toBeLessThan(1)
    }
  })

  it('ranks for a viewer without a history', async () => {
    const query = { requestId: 'r', viewerId: VIEWER, actions: [], candidates: posts(3), nowMs }
    const answer = await openClient().rank(query, unhurried())
    expect(answer.probabilities.some(Number.isNaN)).toBe(false)
  })

  it('costs no more than the deadline while frozen, and is back by itself', async () => {
    const channel = openChannel('phoenix-ranking', service)
    const client = new GrpcRankingClient(channel)
    await rank(client, 3)
    service.process.kill('SIGSTOP')
    try {
      const asking = Array.from({ length: 5 }, () =>
        rank(client, 3, { ...unhurried(), deadlineMs: Date.now() + 300 }),
      )
      for (const asked of await Promise.allSettled(asking)) {
        expect(asked).toMatchObject({ reason: { code: 'deadline_exceeded' } })
      }
      expect(channel.isCircuitOpen).toBe(true)
    } finally {
      service.process.kill('SIGCONT')
    }
    const answer = await waitFor(() => rank(client, 3).catch(() => null), { what: 'the service' })
    expect(answer.probabilities).toHaveLength(3 * DISCRETE_ACTION_COUNT)
    expect(channel.isCircuitOpen).toBe(false)
  })
})

describe('a checkpoint that takes the place of another', () => {
  it('is seen by every answer after it, and by none in parts', async () => {
    const own = saveRandomCheckpoint()
    const service = await startPythonService('ranking_service', own)
    try {
      const client = new GrpcRankingClient(openChannel('phoenix-ranking', service))
      // More than one call takes: the parts may meet two models.
      const rank = (count = 5_040) =>
        client.rank(
          { requestId: 'r', viewerId: VIEWER, actions: ACTIONS, candidates: posts(count), nowMs },
          unhurried(),
        )
      const before = await rank(40)
      const answers: Awaited<ReturnType<typeof rank>>[] = []
      const installing = installRandomCheckpoint(own, 9)
      const version = await waitFor(
        async () => {
          answers.push(await rank())
          const status = await client.status(unhurried())
          return status.swaps === 1 ? status.modelVersion : null
        },
        { what: 'the swap', timeoutMs: 120_000, everyMs: 1 },
      )
      answers.push(await rank())
      const after = await rank(40)
      expect(await installing).toBe(version)
      expect(after.modelVersion).toBe(version)
      expect(before.modelVersion).not.toBe(version)
      expect(new Set(answers.map((answer) => answer.modelVersion))).toEqual(
        new Set([before.modelVersion, version]),
      )
      for (const { modelVersion, probabilities } of answers) {
        const { probabilities: expected } = modelVersion === version ? after : before
        const start = probabilities.subarray(0, expected.length)
        expect(largestDifference(start, expected)).toBeLessThan(1e-5)
      }
    } finally {
      await service.kill()
      own.remove()
    }
  }, 240_000)
})

describe('the real retrieval service', () => {
  const QUERY = { viewerId: VIEWER, actions: ACTIONS, resultsMax: 100, postsPerAuthorMax: 20 }

  it('finds the posts it was fed, best first; a restarted one is fed again', async () => {
    const opened = await openTestDatabase('pglite')
    const log = new InProcessEventLog({
      reader: createOutboxReader(opened.database),
      writer: createOutboxWriter(opened.database, Date.now),
      pollIntervalMs: 600_000,
    })
    let service = await startPythonService('retrieval_service', checkpoint)
    const client = new GrpcRetrievalClient(openChannel('phoenix-retrieval', service))
    const feeder = new IndexFeeder({ log, index: client, nowMs: Date.now, checkIntervalMs: 100 })
    try {
      await log.publish(
        posts(60).map(({ postId, authorId, createdAtMs }) => {
          const post = PostFacts.fromPartial({
            postId: BigInt(postId),
            authorId: BigInt(authorId),
            createdAtMs: BigInt(createdAtMs),
            recommendable: true,
          })
          const event = createEvent({ $case: 'postCreated', value: { post } }, createdAtMs, 1n)
          return { topic: 'posts', key: authorId, event }
        }),
      )
      await feeder.caughtUp
      const size = async () => (await client.status(unhurried())).indexSize
      await waitFor(async () => (await size()) === 60, { what: '60 posts' })

      const found = (await client.retrieve(QUERY, unhurried())).posts
      const similarities = found.map(({ similarity }) => similarity)
      expect(found).toHaveLength(60)
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a))
      expect(found).toEqual(
        expect.arrayContaining(posts(60).map((post) => expect.objectContaining(post))),
      )
      const [best] = found
      await client.remove(best === undefined ? [] : [best.postId], unhurried())
      expect((await client.retrieve(QUERY, unhurried())).posts).toEqual(found.slice(1))

      const { port } = service
      await service.kill()
      await expect(client.retrieve(QUERY, unhurried())).rejects.toMatchObject({
        code: 'unavailable',
      })
      service = await startPythonService('retrieval_service', checkpoint, port)
      await waitFor(async () => (await size().catch(() => 0)) === 60, { what: 'the refill' })
      expect((await client.retrieve(QUERY, unhurried())).posts).toEqual(found)
      expect(feeder.stats().fills).toBe(2)
    } finally {
      await feeder.close()
      await log.close()
      await service.kill()
      await opened.close()
    }
  })
})
