import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { startEventFlow, type EventFlow } from '../../src/boot/event-flow.ts'
import { addEventGauges } from '../../src/boot/event-gauges.ts'
import { StartError } from '../../src/boot/progress.ts'
import type { RetrievalIndex } from '../../src/phoenix/retrieval-index.ts'
import { writeOutbox } from '../../src/store/outbox.ts'
import { createLogger, Telemetry } from '../../src/telemetry.ts'
import { STALE_AFTER_MS } from '../../src/thunder/thunder.params.ts'
import { emptyTopics, openKafkaLog } from '../events/kafka/kafka-fixtures.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../kafka.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { content, creation } from '../store/materialiser-fixtures.ts'
import { hashInOnePiece, NOW_MS, randomPostEvents } from '../thunder/random-post-events.ts'
import { action, impression } from '../store/training-log/training-log-fixtures.ts'
import { waitFor } from '../wait-for.ts'

/** An index that takes everything. */
const index: RetrievalIndex = {
  status: async () => ({
    ready: true,
    modelVersion: 'test',
    instanceId: 'one',
    indexSize: 0,
    newestPostCreatedAtMs: 0,
    scan: 'numpy',
    queueLength: 0,
    swaps: 0,
    lastRefusedCheckpoint: null,
  }),
  upsert: async (posts) => posts.length,
  remove: async () => 0,
}

describeWithKafka('the event flow over Kafka', (java) => {
  let running: TestBroker
  const trainingLogDirectory = join(tmpdir(), 'homefeed-no-training-log')
  let opened: TestDatabase
  let now = NOW_MS
  const flows: EventFlow[] = []

  async function start(kafkaBrokers: readonly string[], materialises = false): Promise<EventFlow> {
    const flow = await startEventFlow({
      database: opened.database,
      retrieval: index,
      logger: createLogger({ now: () => now, write: () => undefined }),
      nowMs: () => now,
      kafkaBrokers,
      thunderPostsMax: 10_000,
      trainingLogDirectory,
      materialises,
    })
    flows.push(flow)
    return flow
  }

  const write = (records: Parameters<typeof writeOutbox>[1]) =>
    writeOutbox(opened.database.kysely, records, NOW_MS)

  beforeAll(async () => {
    ;[running, opened] = await Promise.all([startTestBroker(java), openTestDatabase('pglite')])
  })
  beforeEach(async () => {
    now = NOW_MS
    await emptyTopics(running.address)
    await opened.database.kysely.deleteFrom('outbox').execute()
    await opened.database.kysely.deleteFrom('log_positions').execute()
  })
  afterEach(() => Promise.all(flows.splice(0).map((flow) => flow.close())))
  afterAll(async () => {
    await running.close()
    await opened.close()
  })

  it('brings the outbox of before to Thunder before it says that it has caught up', async () => {
    const records = randomPostEvents(31, 1_500)
    await write(records)
    const flow = await start([running.address])
    await flow.caughtUp
    expect(flow.thunder.storeHash()).toBe(hashInOnePiece(records))
    const more = randomPostEvents(32, 20, 10_000)
    await write(more)
    flow.notify()
    const hash = hashInOnePiece([...records, ...more])
    await waitFor(() => flow.thunder.storeHash() === hash, { what: 'the new rows' })
  })

  it('is stale while the log is away, and fresh when it has caught up', async () => {
    const flow = await start([running.address])
    await flow.caughtUp
    await waitFor(() => !flow.isStale(), { what: 'a first look at the end' })
    await running.broker.kill()
    now += STALE_AFTER_MS + 1_000
    expect(flow.isStale()).toBe(true)
    const records = randomPostEvents(33, 20)
    await write(records)
    await running.broker.start()
    await waitFor(() => !flow.isStale(), { what: 'fresh answers', timeoutMs: 50_000 })
    const hash = hashInOnePiece(records)
    await waitFor(() => flow.thunder.storeHash() === hash, { what: 'the rows of meanwhile' })
  })

  it('ends while the broker is away and rows wait', async () => {
    const flow = await start([running.address])
    await flow.caughtUp
    await running.broker.kill()
    onTestFinished(() => running.broker.start())
    await write(randomPostEvents(34, 20))
    flow.notify()
    await flow.close()
    expect(flow.relay?.stats().isLeader).toBe(false)
  })

  it('takes what was shown and done into the training log, once', async () => {
    const log = openKafkaLog(running.address)
    const shown = impression({ atMs: NOW_MS - 1_000 })
    const liked = action(0, { atMs: NOW_MS, requestId: 'r1' })
    await log.publish([liked, shown, shown])
    const first = await start([running.address])
    await first.trainingLog.caughtUp
    expect(first.trainingLog.stats()).toMatchObject({ landed: 3, late: 0, rejected: {} })
    await first.close()
    // Another process goes on where this one ended.
    await log.publish([impression({ atMs: NOW_MS, requestId: 'r2' }), liked])
    const second = await start([running.address])
    await second.trainingLog.caughtUp
    expect(second.trainingLog.stats()).toMatchObject({ landed: 2 })
    const { kysely } = opened.database
    const requests = await kysely.selectFrom('training_impressions').select('request_id').execute()
    expect(requests).toHaveLength(2)
    expect(new Set(requests.map(({ request_id }) => request_id))).toEqual(new Set(['r1', 'r2']))
    expect(await kysely.selectFrom('training_actions').select('action_index').execute()).toEqual([
      { action_index: 0 },
    ])
    await log.close()
  })

  it('marks what was shown as seen, whoever owns the writes', async () => {
    const log = openKafkaLog(running.address)
    const { kysely } = opened.database
    await kysely.deleteFrom('impressions').execute()
    const shown = impression({ atMs: NOW_MS - 1_000, postId: 60n })
    await log.publish([shown, shown, impression({ atMs: NOW_MS, postId: 0n })])
    const first = await start([running.address])
    await first.impressions.caughtUp
    const rejected = { 'impossible_field post_id': 1 }
    expect(first.impressions.stats()).toMatchObject({ applied: 1, ignored: 1, rejected })
    await first.close()
    await log.publish([impression({ atMs: NOW_MS, postId: 61n })])
    const second = await start([running.address])
    await second.impressions.caughtUp
    expect(second.impressions.stats()).toMatchObject({ applied: 1, ignored: 0, rejected: {} })
    const rows = await kysely.selectFrom('impressions').select('post_id').orderBy('at_ms').execute()
    expect(rows).toEqual([{ post_id: '60' }, { post_id: '61' }])
    await log.close()
  })

  it('says which setting names no broker', async () => {
    const error = await start(['127.0.0.1:9']).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StartError)
    expect(String(error)).toContain('KAFKA_BROKERS is 127.0.0.1:9')
  })

  it('writes what another system publishes, and tells of everything in its metrics', async () => {
    const flow = await start([running.address], true)
    await flow.materialiser?.caughtUp
    const log = openKafkaLog(running.address)
    await log.publish([
      creation(900, { content: content('from elsewhere') }),
      { topic: 'posts', key: 'k', value: Uint8Array.of(0xff), occurredAtMs: NOW_MS },
    ])
    const texts = () => opened.database.kysely.selectFrom('posts').select('text').execute()
    await waitFor(async () => (await texts()).length === 1, { what: 'the row' })
    expect(await texts()).toEqual([{ text: 'from elsewhere' }])
    await waitFor(() => flow.consumer.stats().rejected['undecodable'] === 1, { what: 'a letter' })
    const telemetry = new Telemetry({ stages: [] })
    addEventGauges(telemetry, flow)
    const metrics = await telemetry.metrics()
    for (const partition of [0, 1, 2]) {
      expect(metrics).toContain(`homefeed_event_log_lag_records{partition="${partition}"} `)
    }
    expect(metrics).toContain('homefeed_thunder_rejected_events{reason="undecodable"} 1')
    expect(metrics).toContain('homefeed_materialised_events{outcome="applied"} 1')
    expect(metrics).toContain('homefeed_outbox_published_rows 0')
    expect(metrics).toContain('homefeed_retrieval_index_filled 1')
    expect(metrics).toContain('homefeed_retrieval_index_fills 1')
    expect(metrics).toContain('homefeed_retrieval_index_fill_events{kind="total"} 0')
    expect(metrics).toContain('homefeed_training_log_events{outcome="late"} 0')
    expect(metrics).toContain('homefeed_impressions_reported{outcome="applied"} 0')
    telemetry.close()
    await log.close()
  })
})
