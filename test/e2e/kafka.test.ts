import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemNowMs } from '../../src/clock.ts'
import { createEvent } from '../../src/events/event-codec.ts'
import type { EventRecord } from '../../src/events/event-log.ts'
import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { createDatabase, type Database } from '../../src/store/database.ts'
import { writeOutbox } from '../../src/store/outbox.ts'
import { startPostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../kafka.ts'
import { describeWithPostgres, startPostgres, type PrivatePostgres } from '../postgres.ts'
import { createRandom } from '../thunder/random-steps.ts'
import { waitFor } from '../wait-for.ts'
import { PERSONAS, startGateway, type GatewayProcess } from '../world.ts'

const KILLS = 2
const EVENTS_PER_ROUND = 3_000
const FIRST_POST_ID = 9_000_000_000n
const FEED = '{ homeFeed(first: 20) { edges { node { id } } session { degradation } } }'

/** New posts of people who do not exist, every tenth deleted again. */
function newEvents(round: number, nowMs: number): EventRecord[] {
  return Array.from({ length: EVENTS_PER_ROUND }, (_, index) => {
    const isDeletion = index % 10 === 9
    const number = BigInt(round * EVENTS_PER_ROUND + index - (isDeletion ? 1 : 0))
    const authorId = 900_000n + (number % 50n)
    const postId = FIRST_POST_ID + number
    const post = PostFacts.fromPartial({ postId, authorId, createdAtMs: BigInt(nowMs) })
    const deletion = { postId, authorId, deletedAtMs: BigInt(nowMs) }
    const event = isDeletion
      ? createEvent({ $case: 'postDeleted', value: deletion }, nowMs, 2n)
      : createEvent({ $case: 'postCreated', value: { post } }, nowMs, 1n)
    return { topic: 'posts', key: String(authorId), event }
  })
}

describeWithKafka('a gateway on Kafka', (java) => {
  describeWithPostgres('and PostgreSQL', (binaries) => {
    let running: TestBroker
    let postgres: PrivatePostgres
    let directory: string
    let database: Database
    let gateway: GatewayProcess

    const start = () =>
      startGateway(directory, { DATABASE_URL: postgres.url, KAFKA_BROKERS: running.address })

    beforeAll(async () => {
      ;[running, postgres] = await Promise.all([startTestBroker(java), startPostgres(binaries)])
      directory = await mkdtemp(join(tmpdir(), 'homefeed-kafka-gateway-'))
      database = await createDatabase({ databaseUrl: postgres.url, dataDirectory: directory })
      gateway = await start()
    }, 300_000)

    afterAll(async () => {
      await gateway?.stop()
      await database?.close()
      await Promise.all([running?.close(), postgres?.stop()])
      await rm(directory, { recursive: true, force: true })
    })

    async function thunderPosts(): Promise<number> {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      return Number(/^homefeed_thunder_posts (\d+)$/m.exec(metrics)?.[1])
    }

    /** A store that reads the same log in one piece, without ever being killed. */
    async function postsInOnePiece(): Promise<number> {
      const log = new KafkaEventLog({ brokers: [running.address] })
      const store = new PostStore(systemNowMs, { postsMax: 200_000 })
      const consumer = await startPostConsumer({ log, store, nowMs: systemNowMs })
      await consumer.caughtUp
      await log.close()
      store.trim()
      return store.stats().posts
    }

    it('loses no post when it is killed at random points', async () => {
      const random = createRandom(7)
      const before = await thunderPosts()
      expect(before).toBeGreaterThan(1_000)
      for (let round = 0; round < KILLS; round += 1) {
        const nowMs = systemNowMs()
        const posts = await thunderPosts()
        await writeOutbox(database.kysely, newEvents(round, nowMs), nowMs)
        const killAt = posts + Math.floor(random() * EVENTS_PER_ROUND * 0.7)
        await waitFor(async () => (await thunderPosts()) >= killAt, {
          what: `Thunder to hold ${killAt} posts`,
          everyMs: 5,
        })
        const ended = new Promise((resolve) => gateway.process.once('close', resolve))
        gateway.process.kill('SIGKILL')
        await ended
        gateway = await start()
      }
      // Nine of ten events create, and one takes back: 80 of 100 stay.
      const added = KILLS * EVENTS_PER_ROUND * 0.8
      const arrived = async () => {
        // A request makes the gateway's Thunder forget what has expired, as the other store does.
        await gateway.query(FEED)
        return (await thunderPosts()) === (await postsInOnePiece())
      }
      const same = { what: 'Thunder to hold what the log says', timeoutMs: 90_000, everyMs: 200 }
      await waitFor(arrived, same)
      // Old posts may have expired meanwhile, new ones have not.
      const after = await thunderPosts()
      expect(after).toBeGreaterThan(before * 0.9 + added)
      expect(after).toBeLessThanOrEqual(before + added)
    }, 300_000)

    it('goes on serving when the broker is gone, and ends in order', async () => {
      await running.broker.kill()
      const { data, errors } = await gateway.query(FEED, { viewerId: PERSONAS.ada })
      expect(errors).toBeUndefined()
      expect(data.homeFeed.edges).toHaveLength(20)
      expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
      const ended = new Promise<number | null>((resolve) => gateway.process.once('close', resolve))
      gateway.process.kill('SIGTERM')
      // The gateway ends with 1 when something had to be cut off at its limit.
      expect(await ended).toBe(0)
    })
  })
})
