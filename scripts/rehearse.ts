/** `npm run rehearse -- --fail NAME`: what a viewer would get with that dependency dead. */
import { parseArgs } from 'node:util'
import { StartError } from '../src/boot/progress.ts'
import { listFaults, type Asked, type FaultMode } from '../src/boot/rehearsal/faults.ts'
import { formatRehearsal } from '../src/boot/rehearsal/format-rehearsal.ts'
import { openParts } from '../src/boot/rehearsal/open-parts.ts'
import { rehearse } from '../src/boot/rehearsal/rehearse.ts'
import { systemNowMs as nowMs } from '../src/clock.ts'
import { ConfigError, readProcessConfig } from '../src/config.ts'
import { toUserId, type UserId } from '../src/ids.ts'
import { nearestName } from '../src/pipeline/params/nearest-name.ts'
import { createLoaders } from '../src/store/create-loaders.ts'
import { createViewerStore } from '../src/store/create-viewer-store.ts'
import type { Database } from '../src/store/database.ts'
import { DirectoryInUseError } from '../src/store/directory-lock.ts'
import { createLogger } from '../src/telemetry.ts'
import { UsageError } from './command-line.ts'

const USAGE = `Usage: npm run rehearse -- --fail NAME [--mode fail|timeout] [--viewer ID|HANDLE]
                           [--first N] [--cold] [--json]
  --fail NAME    a dependency (database, phoenix-ranking ...) or one of its reads;
                 --fail list prints all names
  --mode         fail: every call is refused (default); timeout: none is answered
  --viewer       user id or handle; default ada, else the first user
  --first N      posts to show, 1 to 100; default 10
  --cold         without the last known good that a running gateway would have
  --json         both feeds as JSON
Ranks twice on the database of the settings, healthy and with NAME dead. Nothing is recorded.
Exit codes: 0 both ran, 1 it could not run, 2 wrong arguments.`

interface Arguments {
  readonly fault: string
  readonly mode: FaultMode
  readonly viewer: string | null
  readonly first: number
  readonly isCold: boolean
  readonly asJson: boolean
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      fail: { type: 'string' },
      mode: { type: 'string', default: 'fail' },
      viewer: { type: 'string' },
      first: { type: 'string', default: '10' },
      cold: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const { fail: fault, mode, cold, json } = values
  if (fault === undefined) throw new UsageError('--fail is missing: name what is to be dead.')
  if (mode !== 'fail' && mode !== 'timeout') {
    throw new UsageError(`--mode is "${mode}": give fail or timeout.`)
  }
  const first = Number(values.first)
  if (!Number.isInteger(first) || first < 1 || first > 100) {
    throw new UsageError(`--first is "${values.first}": give a whole number from 1 to 100.`)
  }
  return { fault, mode, viewer: values.viewer ?? null, first, isCold: cold, asJson: json }
}

/** The names alone: nothing is started for them. */
function faultNames(): readonly string[] {
  const unasked = {} as Database
  const dependencies = { viewerStore: createViewerStore(unasked) }
  return listFaults({ dependencies, createLoaders: () => createLoaders(unasked, 0) })
}

function checkFault(fault: string): void {
  const names = faultNames()
  if (names.includes(fault)) return
  const nearest = nearestName(fault, names)
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`
  throw new UsageError(`--fail names "${fault}", which is nothing of the feed's.${hint}`)
}

async function findViewer(
  { createLoaders: create }: Asked,
  database: Database,
  name: string | null,
) {
  const loaders = create()
  const id = name === null ? null : toUserId(name.replace(/^user:/, ''))
  const handle = (name ?? 'ada').toLowerCase().replace(/^@/, '')
  const known = await (id === null ? loaders.usersByHandle.load(handle) : loaders.users.load(id))
  if (known !== null) return known.id
  if (name !== null) throw new UsageError(`--viewer names "${name}": there is no such user.`)
  const [first] = await database.kysely
    .selectFrom('users')
    .select('id')
    .orderBy('id')
    .limit(1)
    .execute()
  const userId: UserId | null = first === undefined ? null : toUserId(first.id)
  if (userId === null) throw new UsageError('the database has no users: import some first.')
  return userId
}

async function run(options: Arguments): Promise<void> {
  checkFault(options.fault)
  const closers: (() => Promise<void>)[] = []
  try {
    const config = readProcessConfig()
    const logger = createLogger({ now: nowMs })
    const parts = await openParts({ config, logger, nowMs, closers })
    const viewerId = await findViewer(parts, parts.database, options.viewer)
    const rehearsal = await rehearse({ ...options, asked: parts, viewerId })
    const text = options.asJson ? JSON.stringify(rehearsal, null, 2) : formatRehearsal(rehearsal)
    process.stdout.write(`${text}\n`)
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

async function main(): Promise<number> {
  try {
    const options = readArguments()
    if (options.fault === 'list') process.stdout.write(`${faultNames().join('\n')}\n`)
    else await run(options)
    return 0
  } catch (error) {
    if (error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE')) {
      console.error(`${(error as Error).message}\n\n${USAGE}`)
      return 2
    }
    if (error instanceof DirectoryInUseError) {
      console.error(
        `${error.message}\nA rehearsal runs parts of its own: end \`npm start\` for it, or ` +
          'rehearse on a copy: cp -r .homefeed /tmp/copy, then HOMEFEED_DATA_DIR=/tmp/copy.',
      )
      return 1
    }
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error
    console.error(error.message)
    return 1
  }
}

process.exitCode = await main()
