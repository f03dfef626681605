/**
 * `npm run bench -- kafka [--json] [--posts N] [--reads N]`: how long Thunder needs to catch up,
 * and a post to be seen, over a real broker on this machine, beside kafkajs as its documentation
 * starts with it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemNowMs } from '../../src/clock.ts'
import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { findJava, JAVA_REMEDY } from '../../tools/find-java.ts'
import { freePort } from '../../tools/free-port.ts'
import { KafkaBroker } from '../../tools/kafka-broker.ts'
import { ensureKafkaJars } from '../../tools/kafka-jars.ts'
import { runBenchmark } from './harness.ts'
import { batchedCatchUp, naiveCatchUp } from './kafka-catch-up-work.ts'
import { batchedVisible, naiveVisible } from './kafka-visible-work.ts'
import { countPosts, postRecord } from './kafka-world.ts'

const CHUNK = 10_000
const POSTS_BEFORE_VISIBLE = 100_000
const BROKER = 'Kafka 4.1.2, 4 partitions'

/** What the processes of the variants are told by the one that starts them. */
interface Setting {
  readonly part: 'catchUp' | 'visible'
  readonly broker: string
  readonly nowMs: number
  readonly posts: number
  readonly readsPerSecond: number
}

async function runPart({ part, broker, nowMs, posts, readsPerSecond }: Setting): Promise<void> {
  if (part === 'catchUp') {
    await runBenchmark({
      name: 'kafka.catchUp',
      facts: { posts, broker: BROKER },
      peer: 'naive',
      warmUpRuns: 0,
      sampleRuns: 1,
      variants: {
        batched: () => batchedCatchUp({ broker, nowMs, posts }),
        naive: () => naiveCatchUp({ broker, nowMs, posts }),
      },
    })
    return
  }
  const load = { postsPerSecond: 3_000, readsPerSecond }
  await runBenchmark({
    name: 'kafka.visible',
    facts: { ...load, postsBefore: posts, broker: BROKER },
    peer: 'naive',
    warmUpRuns: 20,
    sampleRuns: 300,
    variants: {
      batched: () => batchedVisible({ ...load, broker, nowMs }),
      naive: () => naiveVisible({ ...load, broker, nowMs }),
    },
  })
}

async function startBroker(directory: string): Promise<KafkaBroker> {
  const java = findJava()
  if (java === null) throw new Error(`Java 17 is not installed: ${JAVA_REMEDY}`)
  const cache = join(resolve(process.env['HOMEFEED_DATA_DIR'] ?? '.homefeed'), 'kafka')
  const jars = await ensureKafkaJars(cache, (line) => process.stderr.write(`${line}\n`))
  const [port, controllerPort] = await Promise.all([freePort(), freePort()])
  const broker = new KafkaBroker({
    java,
    jars,
    directory,
    port,
    controllerPort,
    retentionHours: -1,
  })
  await broker.start()
  return broker
}

/** Posts of the ids from `first` to `last`. */
async function fill(log: KafkaEventLog, ids: { first: number; last: number }, nowMs: number) {
  for (let start = ids.first; start <= ids.last; start += CHUNK) {
    const count = Math.min(CHUNK, ids.last - start + 1)
    await log.publish(Array.from({ length: count }, (_, index) => postRecord(start + index, nowMs)))
  }
}

function numberOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(name)
  return at >= 0 ? Number(process.argv[at + 1]) : fallback
}

/** The variants' processes get the setting through their environment. */
async function startPart(setting: Setting): Promise<void> {
  process.env['HOMEFEED_BENCH_KAFKA'] = JSON.stringify(setting)
  await runPart(setting)
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'homefeed-kafka-bench-'))
  const broker = await startBroker(directory)
  try {
    const last = numberOption('--posts', 1_000_000)
    const readsPerSecond = numberOption('--reads', 500)
    const nowMs = systemNowMs()
    const log = new KafkaEventLog({ brokers: [broker.address] })
    await log.ensureTopics()
    const before = Math.min(last, POSTS_BEFORE_VISIBLE)
    await fill(log, { first: 1, last: before }, nowMs)
    const setting = { broker: broker.address, nowMs, readsPerSecond }
    await startPart({ ...setting, part: 'visible', posts: before })
    await fill(log, { first: before + 1, last }, nowMs)
    await log.close()
    // What the load of the first part left is read too.
    const posts = await countPosts(broker.address)
    await startPart({ ...setting, part: 'catchUp', posts })
  } finally {
    await broker.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

const given = process.env['HOMEFEED_BENCH_KAFKA']
if (given === undefined) {
  await main()
} else {
  await runPart(JSON.parse(given) as Setting)
  // Connections and timers of the load would keep the process.
  process.exit(0)
}
