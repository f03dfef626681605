/** `npm run dead-letters [-- --json | --replay [KEY ...]]`: what no consumer could use. */
import { parseArgs } from 'node:util'
import { StartError } from '../src/boot/progress.ts'
import { ConfigError, readProcessConfig } from '../src/config.ts'
import {
  readDeadLetters,
  toReplayedRecord,
  whyNotReplayed,
  type StoredDeadLetter,
} from '../src/events/dead-letters.ts'
import type { EventLog } from '../src/events/event-log.ts'
import { InProcessEventLog } from '../src/events/in-process-event-log.ts'
import { KafkaEventLog } from '../src/events/kafka/kafka-event-log.ts'
import { createDatabase } from '../src/store/database.ts'
import { DirectoryInUseError } from '../src/store/directory-lock.ts'
import { createOutboxReader, createOutboxWriter } from '../src/store/outbox.ts'

const USAGE = `Usage: npm run dead-letters [-- --json | --replay [KEY ...]]
  no option   lists what no consumer could use: key, time, reason, length
  --json      the same as one JSON object a line, values in base64
  --replay    sends them to their topics again, all or those with a KEY of the list
Exit codes: 0 done, 1 the log could not be read, 2 wrong arguments.`

interface OpenLog {
  readonly log: EventLog
  close(): Promise<void>
}

/** The log that the gateway would use with these settings. */
async function openLog(): Promise<OpenLog> {
  const { kafkaBrokers, databaseUrl, dataDirectory } = readProcessConfig()
  if (kafkaBrokers !== null) {
    const log = new KafkaEventLog({ brokers: kafkaBrokers })
    await log.ensureTopics().catch((cause: unknown) => {
      const where = kafkaBrokers.join(',')
      throw new StartError(
        `No Kafka broker answers at ${where}: start one, or set KAFKA_BROKERS.`,
        {
          cause,
        },
      )
    })
    return { log, close: () => log.close() }
  }
  const database = await createDatabase({ databaseUrl, dataDirectory })
  const log = new InProcessEventLog({
    reader: createOutboxReader(database),
    writer: createOutboxWriter(database, Date.now),
    pollIntervalMs: 1_000,
  })
  return {
    log,
    async close() {
      await log.close()
      await database.close()
    },
  }
}

function list(letters: readonly StoredDeadLetter[], isJson: boolean): void {
  for (const { key, letter } of letters) {
    const at = new Date(Number(letter.atMs)).toISOString()
    const { topic, partition, reason, value } = letter
    const fields = { key, topic, partition, offset: String(letter.offset), at, reason }
    if (isJson) {
      const recordKey = Buffer.from(letter.key).toString()
      const base64 = Buffer.from(value).toString('base64')
      console.log(JSON.stringify({ ...fields, recordKey, value: base64 }))
    } else {
      console.log(`${key}  ${at}  ${reason}  ${value.length} bytes`)
    }
  }
  if (!isJson) console.log(`${letters.length} dead letters.`)
}

async function replay(
  log: EventLog,
  letters: readonly StoredDeadLetter[],
  keys: readonly string[],
): Promise<void> {
  const wanted = letters.filter(({ key }) => keys.length === 0 || keys.includes(key))
  const unknown = keys.filter((key) => !letters.some((letter) => letter.key === key))
  for (const key of unknown) console.log(`${key}: there is no such dead letter`)
  let sent = 0
  for (const letter of wanted) {
    const reason = whyNotReplayed(letter)
    if (reason !== null) {
      console.log(`${letter.key}: not sent again, ${reason}`)
      continue
    }
    await log.publish([toReplayedRecord(letter, Date.now())])
    sent += 1
  }
  console.log(`${sent} of ${wanted.length} sent again; what still cannot be used comes back.`)
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, replay: { type: 'boolean' } },
    })
    const { json: isJson = false, replay: isReplay = false } = values
    const isWrong = (isJson && isReplay) || (positionals.length > 0 && !isReplay)
    return isWrong ? null : { isJson, isReplay, keys: positionals }
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readArguments()
  if (options === null) {
    console.error(USAGE)
    return 2
  }
  const { log, close } = await openLog()
  try {
    const letters = await readDeadLetters(log)
    if (options.isReplay) await replay(log, letters, options.keys)
    else list(letters, options.isJson)
    return 0
  } finally {
    await close()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  const isExpected =
    error instanceof StartError ||
    error instanceof DirectoryInUseError ||
    error instanceof ConfigError
  console.error(isExpected ? error.message : error)
  process.exitCode = 1
}
