import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { decodeEvent, encodeEvent } from '../../src/events/event-codec.ts'
import type { EventRecord, Topic } from '../../src/events/event-log.ts'
import { createDatabase, type Database } from '../../src/store/database.ts'
import { decodeChange } from '../../src/store/materialiser/decode-change.ts'
import { writeChanges } from '../../src/store/materialiser/write-changes.ts'
import { migrate } from '../../src/store/migrate.ts'
import { writeOutbox } from '../../src/store/outbox.ts'
import { startPostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { collector } from '../events/event-log-suite.ts'
import { emptyTopics, openKafkaLog } from '../events/kafka/kafka-fixtures.ts'
import { describeWithKafka, startTestBroker } from '../kafka.ts'
import { postgresBinaries, startPostgres, describeWithPostgres } from '../postgres.ts'
import { hashInOnePiece, nowMs, randomPostEvents } from '../thunder/random-post-events.ts'
import { createRandom } from '../thunder/random-steps.ts'
import { waitFor } from '../wait-for.ts'
import { engagement, relation, tablesHash } from './materialiser-fixtures.ts'

const KILLS = 4
const TOPICS: readonly Topic[] = ['posts', 'engagements', 'relations']

/** Posts, and who likes whom and no longer does, in the order of their writing. */
function randomEvents(seed: number, count: number): EventRecord[] {
  const random = createRandom(seed)
  const pick = (max: number) => 1 + Math.floor(random() * max)
  const others = Array.from({ length: count }, (_, index) => {
    const active = random() < 0.7
    const version = 1_000 + index
    return random() < 0.5
      ? engagement(pick(20), pick(30), { actionIndex: pick(3) - 1, active, version })
      : relation(pick(20), 100 + pick(20), {
          kind: random() < 0.5 ? 'follow' : 'mute',
          active,
          version,
        })
  })
  const posts = randomPostEvents(seed, count, seed * 10_000)
  return posts.flatMap((post, index) => [post, ...others.slice(index, index + 1)])
}

function startProcess(...args: string[]): ChildProcess {
  const script = join(import.meta.dirname, 'event-process.ts')
  const stdio = ['pipe', 'inherit', 'inherit'] as const
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: [...stdio] })
}

async function processedCount({ kysely }: Database): Promise<number> {
  const { rows } = await sql<{ readonly count: string }>`
    select count(*) as count from processed_events`.execute(kysely)
  return Number(rows[0]?.count)
}

/** All events at once, without a log: what every other way must come to. */
async function writeInOnePiece(database: Database, events: readonly EventRecord[]): Promise<void> {
  for (const topic of TOPICS) {
    const changes = events
      .filter((record) => record.topic === topic)
      .map(({ key, event }) =>
        decodeChange(topic, { partition: 0, offset: 0n, key, value: encodeEvent(event) }),
      )
    await writeChanges(database.kysely, changes, { topic, nowMs: nowMs(), positions: [] })
  }
}

describeWithKafka('a process that relays and writes', (java) => {
  describeWithPostgres('with PostgreSQL', () => {
    it('comes to the same when it is killed at random points', async () => {
      const [running, postgres] = await Promise.all([
        startTestBroker(java),
        startPostgres(postgresBinaries() ?? ''),
      ])
      const databases: Database[] = []
      onTestFinished(async () => {
        await Promise.all(databases.map((database) => database.close()))
        await Promise.all([running.close(), postgres.stop()])
      })
      const openMigrated = async (databaseUrl: string) => {
        const database = await createDatabase({ databaseUrl, dataDirectory: '/nowhere' })
        databases.push(database)
        await migrate(database)
        return database
      }
      const source = await openMigrated(postgres.url)
      await sql`create database target`.execute(source.kysely)
      await sql`create database whole`.execute(source.kysely)
      const targetUrl = postgres.url.replace(/postgres$/, 'target')
      const [target, whole] = await Promise.all([
        openMigrated(targetUrl),
        openMigrated(postgres.url.replace(/postgres$/, 'whole')),
      ])
      await emptyTopics(running.address)

      const random = createRandom(41)
      const events: EventRecord[] = []
      for (let round = 1; round <= KILLS; round += 1) {
        const before = events.length
        events.push(...randomEvents(40 + round, 150))
        await writeOutbox(source.kysely, events.slice(before), nowMs())
        const child = startProcess(postgres.url, targetUrl, running.address)
        const ended = new Promise((resolve) => child.once('exit', resolve))
        const killAt = before + Math.floor(random() * (events.length - before))
        await waitFor(async () => (await processedCount(target)) >= killAt, {
          what: `event ${killAt} of ${events.length}`,
          everyMs: 5,
        })
        child.kill('SIGKILL')
        await ended
      }
      const last = startProcess(postgres.url, targetUrl, running.address)
      onTestFinished(() => void last.kill('SIGKILL'))
      const complete = async () => (await processedCount(target)) === events.length
      await waitFor(complete, { what: 'every event to be written' })

      await writeInOnePiece(whole, events)
      expect(await tablesHash(target)).toBe(await tablesHash(whole))
      const log = openKafkaLog(running.address, { nowMs })
      const { got, handle } = collector()
      const subscription = await log.subscribe('posts', { kind: 'earliest' }, handle)
      await subscription.caughtUp
      const posts = events.filter(({ topic }) => topic === 'posts')
      const ids = new Set(got.map(({ value }) => decodeEvent(value).id))
      expect(ids).toEqual(new Set(posts.map(({ event }) => event.id)))
      const store = new PostStore(nowMs)
      const consumer = await startPostConsumer({ log, store, nowMs })
      await consumer.caughtUp
      expect(store.storeHash()).toBe(hashInOnePiece(posts))
      await log.close()
    }, 120_000)
  })
})
