import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import { REQUEST_LOG_VERSION, type LoggedRequest } from './logged-request.ts'
import { listRequestLogFiles } from './request-log-files.ts'

export interface ReadOptions {
  /** Told of lines that cannot be read: of another release, or cut off where a process ended. */
  onUnreadable?(path: string, reason: string): void
}

/** Every request of the log, oldest file first. Holds one line in memory at a time. */
export async function* readRequestLog(
  directory: string,
  options: ReadOptions = {},
): AsyncGenerator<LoggedRequest> {
  for (const { path } of await listRequestLogFiles(directory)) yield* readFile(path, options)
}

/** The newest with that id: a request that is asked for again keeps its own. */
export async function findLoggedRequest(
  directory: string,
  requestId: string,
  options: ReadOptions = {},
): Promise<LoggedRequest | null> {
  let found: LoggedRequest | null = null
  for await (const request of readRequestLog(directory, options)) {
    if (request.requestId === requestId) found = request
  }
  return found
}

async function* readFile(
  path: string,
  { onUnreadable }: ReadOptions,
): AsyncGenerator<LoggedRequest> {
  try {
    for await (const line of readLines(path)) {
      const request = toLoggedRequest(line)
      if (request instanceof Error) onUnreadable?.(path, request.message)
      else yield request
    }
  } catch (error) {
    onUnreadable?.(path, String(error))
  }
}

/** What a process could not finish writing is read as far as it goes: its line is then no JSON. */
async function* readLines(path: string): AsyncGenerator<string> {
  const unzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  const chunks = pipeline(createReadStream(path), unzip, () => undefined)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

function toLoggedRequest(line: string): LoggedRequest | Error {
  try {
    const value = JSON.parse(line) as LoggedRequest | { readonly version: string }
    if (value.version === REQUEST_LOG_VERSION) return value
    return new Error(`version ${value.version} of a line is not ${REQUEST_LOG_VERSION}`)
  } catch (error) {
    return new Error(`a line is no JSON: ${String(error)}`)
  }
}
