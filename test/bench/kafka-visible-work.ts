import kafkajs from 'kafkajs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { EncodedRecord, EventLog } from '../../src/events/event-log.ts'
import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { trustUserId } from '../../src/ids.ts'
import { decodePostEvent } from '../../src/thunder/post-event.ts'
import { startPostConsumer } from '../../src/thunder/post-consumer.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { Sample } from './harness.ts'
import { countPosts, naiveKafka, postRecord } from './kafka-world.ts'

export interface VisibleWork {
  readonly broker: string
  readonly nowMs: number
  readonly postsPerSecond: number
  readonly readsPerSecond: number
}

const TICK_MS = 10
const PROBE_AUTHOR = 4_000_000
const FOLLOWED = Array.from({ length: 200 }, (_, index) => trustUserId(String(index + 1)))

/** How one way sends a record and learns that a batch, or a message, was applied. */
interface Transport {
  send(record: EncodedRecord): Promise<unknown>
}

/** Tells the one probe that waits when its post is to be seen. */
class Probe {
  readonly #store: PostStore
  #seen = 0
  #resolve: (() => void) | null = null

  constructor(store: PostStore) {
    this.#store = store
  }

  /** Resolves when a read shows one post more. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.#resolve = resolve))
  }

  check(): void {
    if (this.#resolve === null || this.#count() <= this.#seen) return
    this.#seen = this.#count()
    this.#resolve()
    this.#resolve = null
  }

  #count(): number {
    return this.#store.stats().outcomes.applied === 0 ? 0 : probePosts(this.#store)
  }
}

function read(store: PostStore, authorIds: readonly string[]): number {
  return store.recentPosts({
    viewerId: trustUserId('999999999'),
    authorIds: authorIds.map((id) => trustUserId(id)),
    excludedPostIds: new Set(),
    resultsMax: 0,
  }).length
}

/** A new author for each probe, so that the cap of an author is never met. */
let probeAuthor = PROBE_AUTHOR

function probePosts(store: PostStore): number {
  return probeAuthor - PROBE_AUTHOR - 1 + read(store, [String(probeAuthor)])
}

/** Posts and reads as they would come, spread evenly, until aborted. */
function startLoad(work: VisibleWork, store: PostStore, { send }: Transport): () => void {
  let nextId = 10_000_000
  const timer = setInterval(() => {
    const count = (work.postsPerSecond * TICK_MS) / 1_000
    for (let index = 0; index < count; index += 1) {
      send(postRecord((nextId += 1), work.nowMs)).catch(() => undefined)
    }
    for (let index = 0; index < (work.readsPerSecond * TICK_MS) / 1_000; index += 1) {
      read(store, FOLLOWED)
    }
  }, TICK_MS)
  return () => clearInterval(timer)
}

interface Running {
  readonly store: PostStore
  readonly probe: Probe
  readonly transport: Transport
}

async function createSample(work: VisibleWork, running: Running): Promise<Sample> {
  const { store, probe, transport } = running
  startLoad(work, store, transport)
  await pause(1_000)
  let id = 20_000_000
  let runs = 0
  // How long others would wait for their turn, the load that is made here included.
  const turns = monitorEventLoopDelay({ resolution: 1 })
  turns.enable()
  return {
    prepare() {
      probeAuthor += 1
    },
    async run() {
      const seen = probe.next()
      await transport.send(postRecord((id += 1), work.nowMs, probeAuthor))
      probe.check()
      await seen
      runs += 1
    },
    answer: () => `${runs} posts seen`,
    figures: () => ({
      turnP99Ms: Math.round(turns.percentile(99) / 1e5) / 10,
      longestTurnMs: Math.round(turns.max / 1e5) / 10,
    }),
  }
}

/** The gateway's way: gathered sends, batches. */
export async function batchedVisible(work: VisibleWork): Promise<Sample> {
  const store = new PostStore(() => work.nowMs)
  const probe = new Probe(store)
  const kafka = new KafkaEventLog({ brokers: [work.broker], nowMs: () => work.nowMs })
  const log: Pick<EventLog, 'publish' | 'subscribe' | 'endPositions' | 'close'> = {
    publish: (records) => kafka.publish(records),
    endPositions: (topic) => kafka.endPositions(topic),
    close: () => kafka.close(),
    subscribe: (topic, start, handle) =>
      kafka.subscribe(topic, start, async (batch) => {
        await handle(batch)
        probe.check()
      }),
  }
  const consumer = await startPostConsumer({ log, store, nowMs: () => work.nowMs })
  await consumer.caughtUp
  return createSample(work, {
    store,
    probe,
    transport: { send: (record) => kafka.publish([record]) },
  })
}

/** The peer: one send and one callback a message. */
export async function naiveVisible(work: VisibleWork): Promise<Sample> {
  const store = new PostStore(() => work.nowMs)
  const probe = new Probe(store)
  const kafka = naiveKafka(work.broker)
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  const consumer = kafka.consumer({ groupId: `naive-${process.pid}` })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topics: ['posts'], fromBeginning: true })
  let left = await countPosts(work.broker)
  let catchUp = (): void => undefined
  const caughtUp = new Promise<void>((resolve) => (catchUp = resolve))
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      left -= 1
      if (left === 0) catchUp()
      const { change } = decodePostEvent(message.value ?? Buffer.alloc(0))
      if (change.kind === 'create') store.insert(change.post)
      probe.check()
    },
  })
  await caughtUp
  const send = ({ topic, key, value }: EncodedRecord) =>
    producer.send({ topic, messages: [{ key, value: Buffer.from(value) }] })
  return createSample(work, { store, probe, transport: { send } })
}
