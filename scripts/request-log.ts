/** `npm run request-log -- list|show`: what was ranked for whom, and why. */
import { ConfigError, readProcessConfig } from '../src/config.ts'
import { formatRequest, formatRequestLine } from '../src/store/request-log/format-request.ts'
import { findLoggedRequest, readRequestLog } from '../src/store/request-log/read-request-log.ts'
import { requestLogDirectory } from '../src/store/request-log/request-log-files.ts'
import { readArguments, runCommand, UsageError } from './command-line.ts'

const USAGE = `Usage: npm run request-log -- COMMAND
  list [--last N] [--viewer ID] [--json]  the newest requests of the sample; N is 20 by default
  show REQUEST_ID [--top N] [--json]      one of them: posts with scores, and what fell out; 20
docs/request-log.md says what is kept, of which requests, and what each field means.
Exit codes: 0 done, 1 there is none, 2 wrong arguments.`

const SHOWN = 20

const ARGUMENTS = {
  allowPositionals: true,
  options: {
    last: { type: 'string' },
    top: { type: 'string' },
    viewer: { type: 'string' },
    json: { type: 'boolean' },
  },
} as const

function readCount(option: string, text: string | undefined): number {
  if (text === undefined) return SHOWN
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new UsageError(`--${option} is "${text}": give a whole number above 0.`)
}

const onUnreadable = (path: string, reason: string) => console.error(`${path}: ${reason}`)

type Values = ReturnType<typeof readArguments<typeof ARGUMENTS>>['values']

async function list(directory: string, { last, viewer, json }: Values): Promise<void> {
  const count = readCount('last', last)
  const newest: string[] = []
  for await (const request of readRequestLog(directory, { onUnreadable })) {
    if (viewer !== undefined && request.viewerId !== viewer) continue
    newest.push(json === true ? JSON.stringify(request) : formatRequestLine(request))
    if (newest.length > count) newest.shift()
  }
  for (const line of newest) console.log(line)
  if (newest.length > 0) return
  console.error(`There is no request in ${directory}.`)
  process.exitCode = 1
}

async function show(directory: string, requestId: string, { top, json }: Values): Promise<void> {
  const count = readCount('top', top)
  const request = await findLoggedRequest(directory, requestId, { onUnreadable })
  if (request === null) {
    console.error(`Request ${requestId} is not in ${directory}: it keeps a sample, and the newest.`)
    process.exitCode = 1
    return
  }
  console.log(json === true ? JSON.stringify(request) : formatRequest(request, count))
}

async function run(): Promise<void> {
  const { values, positionals } = readArguments(ARGUMENTS)
  const [command, requestId, ...others] = positionals
  if (others.length > 0) throw new UsageError(`"${others[0]}" is one argument too many.`)
  const directory = requestLogDirectory(readProcessConfig().dataDirectory)
  if (command === 'list' && requestId === undefined) await list(directory, values)
  else if (command === 'show' && requestId !== undefined) await show(directory, requestId, values)
  else throw new UsageError(command === 'show' ? 'show needs REQUEST_ID.' : 'Say list or show.')
}

await runCommand({ usage: USAGE, isExpected: (error) => error instanceof ConfigError, run })
