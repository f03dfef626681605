import { afterAll, beforeAll } from 'vitest'
import type { KafkaEventLog } from '../../src/events/kafka/kafka-event-log.ts'
import { InProcessEventLog } from '../../src/events/in-process-event-log.ts'
import { createOutboxReader, createOutboxWriter } from '../../src/store/outbox.ts'
import { describeWithKafka, startTestBroker, type TestBroker } from '../kafka.ts'
import { openTestDatabase, type TestDatabase } from '../postgres.ts'
import { describeEventLog, NOW_MS } from './event-log-suite.ts'
import { emptyTopics, openKafkaLog } from './kafka/kafka-fixtures.ts'

let opened: TestDatabase
beforeAll(async () => {
  opened = await openTestDatabase('pglite')
})
afterAll(() => opened.close())

describeEventLog('the event log in process', async () => {
  await opened.database.kysely.deleteFrom('outbox').execute()
  return new InProcessEventLog({
    reader: createOutboxReader(opened.database),
    writer: createOutboxWriter(opened.database, () => NOW_MS),
    pollIntervalMs: 600_000,
    closeTimeoutMs: 200,
    backoff: { firstMs: 1, longestMs: 4 },
  })
})

describeWithKafka('with a broker', (java) => {
  let running: TestBroker
  beforeAll(async () => {
    running = await startTestBroker(java)
  })
  afterAll(() => running.close())

  describeEventLog('the event log on Kafka', async (): Promise<KafkaEventLog> => {
    await emptyTopics(running.address)
    return openKafkaLog(running.address)
  })
})
