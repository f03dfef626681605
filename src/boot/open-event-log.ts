import type { EventLog } from '../events/event-log.ts'
import { InProcessEventLog } from '../events/in-process-event-log.ts'
import { KafkaEventLog } from '../events/kafka/kafka-event-log.ts'
import { isRefusal } from '../events/kafka/refused-record-error.ts'
import type { Database } from '../store/database.ts'
import { OutboxRelay, readRelayPosition } from '../store/outbox-relay.ts'
import { createOutboxReader, createOutboxWriter, purgeOutbox } from '../store/outbox.ts'
import type { Logger } from '../telemetry.ts'
import { StartError } from './progress.ts'

/** Readers look at the outbox this often when nobody tells them of a new row. */
const POLL_INTERVAL_MS = 1_000
/** kafkajs repeats itself while a broker is away. */
const COMPLAINT_INTERVAL_MS = 30_000

export interface OpenEventLogOptions {
  readonly database: Database
  /** Null = in process. */
  readonly kafkaBrokers: readonly string[] | null
  readonly logger: Logger
  readonly nowMs: () => number
}

/** The event log of the settings, with what brings the outbox into it. */
export interface OpenEventLog {
  readonly log: EventLog
  /** Null where the outbox is the log. */
  readonly relay: OutboxRelay | null
  /** Tells that rows were written to the outbox. */
  notify(): void
  /** Removes rows of the outbox that nobody needs any more. */
  purge(): Promise<number>
  close(): Promise<void>
}

/** @throws {StartError} when no Kafka broker answers. */
export async function openEventLog(options: OpenEventLogOptions): Promise<OpenEventLog> {
  const { database, kafkaBrokers, nowMs } = options
  if (kafkaBrokers !== null) return openKafka(options, kafkaBrokers)
  const log = new InProcessEventLog({
    reader: createOutboxReader(database),
    writer: createOutboxWriter(database, nowMs),
    pollIntervalMs: POLL_INTERVAL_MS,
    nowMs,
  })
  return {
    log,
    relay: null,
    notify: () => log.notify(),
    purge: () => purgeOutbox(database, nowMs()),
    close: () => log.close(),
  }
}

async function openKafka(
  { database, logger, nowMs }: OpenEventLogOptions,
  brokers: readonly string[],
): Promise<OpenEventLog> {
  const onComplaint = seldom(nowMs, (message) => logger.warn('kafka_complains', { message }))
  const log = new KafkaEventLog({ brokers, nowMs, onComplaint })
  await log.ensureTopics().catch(async (cause: unknown) => {
    await log.close()
    const where = brokers.join(',')
    throw new StartError(
      `KAFKA_BROKERS is ${where}, but the log cannot be opened there (${reasonOf(cause)}): ` +
        'start a broker, for example with `npm run kafka`, or unset it.',
      { cause },
    )
  })
  const relay = new OutboxRelay({ database, log, nowMs, isRefusal })
  return {
    log,
    relay,
    notify: () => relay.notify(),
    // The relay may run in another process: where it is stands in the database.
    purge: async () => purgeOutbox(database, nowMs(), await readRelayPosition(database.kysely)),
    close: async () => {
      // The end of the log ends what the relay has on its way.
      await Promise.all([relay.close(), log.close()])
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Passes on a message that was not passed on in the last half minute. */
function seldom(nowMs: () => number, tell: (message: string) => void): (message: string) => void {
  const toldAtMs = new Map<string, number>()
  return (message) => {
    const now = nowMs()
    if (now - (toldAtMs.get(message) ?? 0) < COMPLAINT_INTERVAL_MS) return
    if (toldAtMs.size > 100) toldAtMs.clear()
    toldAtMs.set(message, now)
    tell(message)
  }
}
