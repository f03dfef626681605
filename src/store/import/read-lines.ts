import { parse } from 'csv-parse'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { Transform, type Readable } from 'node:stream'
import { ImportDirectoryError, type ImportFile } from './find-import-files.ts'

/** One line of a file: its values by column, or why it has none. */
export interface ReadLine {
  readonly line: number
  readonly text: string
  readonly values: Readonly<Record<string, unknown>> | null
  /** Why `values` is null. */
  readonly reason: string | null
}

/** Bound on one line: what is longer is reported and cut off. */
const LINE_BYTES_MAX = 4 * 1024 * 1024
const NEWLINE = 10

function readJsonLine(line: number, text: string): ReadLine {
  try {
    const values: unknown = JSON.parse(text)
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return { line, text, values: values as Record<string, unknown>, reason: null }
    }
    return { line, text, values: null, reason: 'the line is not a JSON object' }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { line, text, values: null, reason: `the line is not JSON: ${detail}` }
  }
}

async function* readJsonLines(input: Readable): AsyncGenerator<readonly ReadLine[]> {
  let line = 0
  let rest: Buffer = Buffer.alloc(0)
  let isOversized = false
  const take = (bytes: Buffer): ReadLine | null => {
    line += 1
    const text = bytes.subarray(0, isOversized ? 200 : undefined).toString('utf8')
    if (isOversized) {
      isOversized = false
      const reason = `the line is longer than ${LINE_BYTES_MAX} bytes`
      return { line, text, values: null, reason }
    }
    const trimmed = (line === 1 ? text.replace(/^\uFEFF/, '') : text).trim()
    return trimmed === '' ? null : readJsonLine(line, trimmed)
  }
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const lines: ReadLine[] = []
    let start = 0
    for (let end = data.indexOf(NEWLINE, start); end >= 0; end = data.indexOf(NEWLINE, start)) {
      const read = take(data.subarray(start, end))
      if (read !== null) lines.push(read)
      start = end + 1
    }
    rest = data.subarray(start)
    if (rest.length > LINE_BYTES_MAX) {
      isOversized = true
      rest = rest.subarray(0, 200)
    }
    if (lines.length > 0) yield lines
  }
  const last = rest.length === 0 ? null : take(rest)
  if (last !== null) yield [last]
}

interface CsvRecord {
  readonly record: Record<string, string>
  readonly raw: string
  readonly info: { readonly lines: number }
}

async function* readCsvLines(input: Readable): AsyncGenerator<readonly ReadLine[]> {
  let lines: ReadLine[] = []
  const parser = parse({
    bom: true,
    columns: true,
    info: true,
    raw: true,
    max_record_size: LINE_BYTES_MAX,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip(error, text) {
      if (error === undefined) return undefined
      const reason = `the line is not CSV: ${error.message}`
      lines.push({ line: parser.info.lines, text: text ?? '', values: null, reason })
      return undefined
    },
  })
  input.on('error', (error) => parser.destroy(error))
  input.pipe(parser)
  for await (const { record, raw, info } of parser as AsyncIterable<CsvRecord>) {
    lines.push({ line: info.lines, text: raw.trimEnd(), values: record, reason: null })
    if (lines.length >= 500) {
      yield lines.sort((a, b) => a.line - b.line)
      lines = []
    }
  }
  if (lines.length > 0) yield lines.sort((a, b) => a.line - b.line)
}

/**
 * The lines of a file in order, a chunk at a time. `onBytes` hears how much of the file was read.
 *
 * @throws ImportDirectoryError when the file cannot be read or unpacked to its end.
 */
export async function* readLines(
  file: ImportFile,
  onBytes: (bytes: number) => void,
): AsyncGenerator<readonly ReadLine[]> {
  const source = createReadStream(file.path, { highWaterMark: 256 * 1024 })
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
  const input = file.gzipped ? createGunzip({ chunkSize: 256 * 1024 }) : counted
  source.on('error', (error) => input.destroy(error))
  source.pipe(counted)
  if (file.gzipped) counted.pipe(input)
  try {
    yield* file.format === 'csv' ? readCsvLines(input) : readJsonLines(input)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw new ImportDirectoryError(
      `${file.path} cannot be read to its end (${detail}): write it again.`,
      { cause: error },
    )
  } finally {
    source.destroy()
  }
}
