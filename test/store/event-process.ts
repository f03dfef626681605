// Not a test: a process for tests to kill. It relays one database's outbox into Kafka and writes
// what arrives into another database. Arguments: both addresses, and the broker's.
import { systemNowMs } from '../../src/clock.ts'
import { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { isRefusal } from '../../src/events/kafka/refused-record-error.ts'
import { createDatabase } from '../../src/store/database.ts'
import { changesPart } from '../../src/store/materialiser/changes.part.ts'
import { Materialiser } from '../../src/store/materialiser/materialiser.ts'
import { OutboxRelay } from '../../src/store/outbox-relay.ts'

const [source = '', target = '', broker = ''] = process.argv.slice(2)
const open = (databaseUrl: string) => createDatabase({ databaseUrl, dataDirectory: '/nowhere' })

const log = new KafkaEventLog({ brokers: [broker] })
const options = { log, nowMs: systemNowMs }
const relay = new OutboxRelay({
  ...options,
  database: await open(source),
  isRefusal,
  pollIntervalMs: 20,
  rowsPerRead: 40,
})
const materialiser = new Materialiser({
  part: changesPart,
  ...options,
  database: await open(target),
  checkIntervalMs: 100,
})
// It ends with its parent, by whatever way that one does.
process.stdin.on('end', () => process.exit(0)).resume()
await Promise.all([relay.started, materialiser.caughtUp])
