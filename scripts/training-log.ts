/** `npm run training-log -- export|import|status`: moves the log that training reads. */
import { ConfigError, readProcessConfig, type Config } from '../src/config.ts'
import { createDatabase, type Database } from '../src/store/database.ts'
import { DirectoryInUseError } from '../src/store/directory-lock.ts'
import { migrate } from '../src/store/migrate.ts'
import { TrainingLogError } from '../src/store/training-log/check-log-file.ts'
import { describeTrainingLog } from '../src/store/training-log/describe-training-log.ts'
import { exportTrainingLog } from '../src/store/training-log/export-training-log.ts'
import { importTrainingLog } from '../src/store/training-log/import-training-log.ts'
import { readArguments, runCommand, UsageError } from './command-line.ts'

const USAGE = `Usage: npm run training-log -- COMMAND
  export --out DIR [--since TIME] [--until TIME] [--open]
             copies the final hours; --open adds what is not final yet, with the outcomes so far
  import DIR takes the final hours of an export in; again adds nothing
  status [--json]  what the log holds
TIME is as 2026-11-26T02:00:00Z. The embedded database of a running gateway is in use: --open then
needs PostgreSQL, or the gateway stopped.
Exit codes: 0 done, 1 it could not be done, 2 wrong arguments.`

function readTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) {
    throw new UsageError(`--${option} is "${text}": give a time such as 2026-11-26T02:00:00Z.`)
  }
  return timeMs
}

const ARGUMENTS = {
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    since: { type: 'string' },
    until: { type: 'string' },
    open: { type: 'boolean' },
    json: { type: 'boolean' },
  },
} as const

type Values = ReturnType<typeof readArguments<typeof ARGUMENTS>>['values']

async function withDatabase<T>(
  { databaseUrl, dataDirectory }: Config,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await createDatabase({ databaseUrl, dataDirectory, queryTimeoutMs: 60_000 })
  try {
    await migrate(database)
    return await work(database)
  } finally {
    await database.close()
  }
}

async function runExport(config: Config, values: Values): Promise<void> {
  const { out } = values
  if (out === undefined) throw new UsageError('export needs --out DIR.')
  const [sinceMs, untilMs] = [readTime('since', values.since), readTime('until', values.until)]
  let lastTenth = 0
  const work = (open: Database | null) =>
    exportTrainingLog({
      directory: config.trainingLogDirectory,
      out,
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(untilMs === undefined ? {} : { untilMs }),
      open,
      onProgress(done, total) {
        const tenth = Math.floor((10 * done) / total)
        if (tenth > lastTenth) console.error(`exporting ${tenth * 10}%`)
        lastTenth = tenth
      },
    })
  const done = await (values.open === true ? withDatabase(config, work) : work(null))
  console.log(`${done.files} files with ${done.impressions} impressions, ${done.actions} actions`)
  if (values.open === true) {
    console.log(`not final: ${done.openImpressions} impressions, ${done.openActions} actions`)
  }
}

async function runImport(config: Config, from: string | undefined): Promise<void> {
  if (from === undefined) throw new UsageError('import needs DIR.')
  const done = await importTrainingLog(from, config.trainingLogDirectory)
  console.log(`${done.added} files with ${done.rows} rows added, ${done.known} known already`)
  if (done.open > 0) console.log(`${done.open} files left out: their hours were not final`)
}

async function runStatus({ trainingLogDirectory }: Config, values: Values): Promise<void> {
  const log = await describeTrainingLog(trainingLogDirectory)
  if (values.json === true) {
    console.log(JSON.stringify({ directory: trainingLogDirectory, ...log }))
    return
  }
  console.log(`${trainingLogDirectory}: ${log.files} files of ${log.hours} hours`)
  if (log.fromMs === null || log.untilMs === null) return
  const [from, until] = [new Date(log.fromMs), new Date(log.untilMs)].map((at) => at.toISOString())
  console.log(`from ${from} until ${until}`)
  console.log(`${log.impressions} impressions, ${log.actions} actions`)
}

async function run(): Promise<void> {
  const { values, positionals } = readArguments(ARGUMENTS)
  const [command, argument, ...others] = positionals
  const config = readProcessConfig()
  if (others.length > 0) throw new UsageError(`"${others[0]}" is one argument too many.`)
  if (command === 'export') await runExport(config, values)
  else if (command === 'import') await runImport(config, argument)
  else if (command === 'status') await runStatus(config, values)
  else throw new UsageError(`"${command ?? ''}" is no command.`)
}

await runCommand({
  usage: USAGE,
  isExpected: (error) =>
    error instanceof TrainingLogError ||
    error instanceof DirectoryInUseError ||
    error instanceof ConfigError,
  run,
})
