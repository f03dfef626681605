/** `npm run kafka [-- --port PORT]`: a real Kafka broker of one node, for development. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { say } from '../src/boot/progress.ts'
import { readProcessConfig } from '../src/config.ts'
import { ensureJava } from '../tools/ensure-java.ts'
import { freePort } from '../tools/free-port.ts'
import { KafkaBroker } from '../tools/kafka-broker.ts'
import { ensureKafkaJars } from '../tools/kafka-jars.ts'

const PORT = 9_092
const RETENTION_HOURS = 168

function readPort(): number {
  const { values } = parseArgs({ options: { port: { type: 'string' } } })
  const port = Number(values.port ?? PORT)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`--port is "${values.port}": give a port from 0 to 65535 (0 = any free one).`)
}

async function claimPort(wanted: number): Promise<number> {
  return freePort(wanted).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${error.code})`
    throw new Error(`Port ${wanted} ${why}: give another one, npm run kafka -- --port 9093.`)
  })
}

async function run(): Promise<void> {
  const { dataDirectory, python } = readProcessConfig()
  const cacheDirectory = join(dataDirectory, 'kafka')
  const port = await claimPort(readPort())
  const java = await ensureJava({ cacheDirectory, python, say })
  const jars = await ensureKafkaJars(cacheDirectory, say)
  const directory = join(cacheDirectory, 'broker')
  const controllerPort = await freePort()
  const broker = new KafkaBroker({
    java,
    jars,
    directory,
    port,
    controllerPort,
    retentionHours: RETENTION_HOURS,
  })
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    say('Kafka: ending')
    void broker.stop()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop)
  say('Kafka: starting')
  await broker.start()
  say(`Kafka: ready on ${broker.address}, records in ${directory}; Ctrl-C ends it`)
  say(`  in another terminal: KAFKA_BROKERS=${broker.address} npm start`)
  await broker.ended
  if (!isStopping) throw new Error('Kafka ended by itself: see its lines above, and start again.')
}

await run().catch((error: unknown) => {
  if (!(error instanceof Error)) throw error
  say(error.message)
  process.exitCode = 1
})
