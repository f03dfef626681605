import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoggedRequest } from '../../../src/store/request-log/logged-request.ts'
import {
  findLoggedRequest,
  readRequestLog,
} from '../../../src/store/request-log/read-request-log.ts'
import {
  listRequestLogFiles,
  RequestLogFiles,
} from '../../../src/store/request-log/request-log-files.ts'
import { loggedCandidate, loggedRequest } from './logged-request-fixture.ts'

function createSetting(limits = { fileBytesMax: 100_000, totalBytesMax: 1_000_000 }) {
  const parent = mkdtempSync(join(tmpdir(), 'homefeed-request-log-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'request-log')
  let nowMs = Date.parse('2026-11-26T07:45:12.123Z')
  const open = () => new RequestLogFiles({ directory, ...limits, now: () => (nowMs += 1) })
  const unreadable: string[] = []
  const readAll = async (): Promise<readonly LoggedRequest[]> => {
    const requests: LoggedRequest[] = []
    const onUnreadable = (_path: string, reason: string) => unreadable.push(reason)
    for await (const each of readRequestLog(directory, { onUnreadable })) requests.push(each)
    return requests
  }
  return { directory, open, readAll, unreadable }
}

describe('the request log', () => {
  it('gives back what was written, in order, over files of several processes', async () => {
    const { open, readAll, unreadable } = createSetting()
    const requests = ['a', 'b', 'c'].map((id) => loggedRequest(id))
    const first = open()
    await Promise.all(requests.slice(0, 2).map((request) => first.write(request)))
    await open().write(loggedRequest('c'))
    expect(await readAll()).toEqual(requests)
    expect(unreadable).toEqual([])
  })

  it('is gzip that other tools read, for the owner alone', async () => {
    const { directory, open } = createSetting()
    const log = open()
    await log.write(loggedRequest('a'))
    await log.write(loggedRequest('b'))
    const [file] = await listRequestLogFiles(directory)
    const path = file?.path ?? ''
    expect(path).toMatch(/requests-20261126T074512124Z-\d+-1\.jsonl\.gz$/)
    const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as LoggedRequest).requestId)).toEqual(['a', 'b'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(file?.bytes).toBe(statSync(path).size)
  })

  it('finds one by its id, the newest of two', async () => {
    const { directory, open } = createSetting()
    const log = open()
    for (const leftOut of [1, 2]) await log.write(loggedRequest('a', { leftOut }))
    await log.write(loggedRequest('b'))
    expect(await findLoggedRequest(directory, 'a')).toMatchObject({ requestId: 'a', leftOut: 2 })
    expect(await findLoggedRequest(directory, 'c')).toBeNull()
  })

  it('is empty where nothing was written', async () => {
    expect(await createSetting().readAll()).toEqual([])
  })

  it('begins files anew and forgets the oldest: never more bytes than allowed', async () => {
    const limits = { fileBytesMax: 2_000, totalBytesMax: 6_000 }
    const { directory, open, readAll } = createSetting(limits)
    const log = open()
    for (let id = 0; id < 40; id++) {
      // Random digits do not compress away.
      const candidates = [
        loggedCandidate(1, { sources: [String(Math.random()), String(Math.random())] }),
      ]
      await log.write(loggedRequest(`request-${id}`, { candidates }))
      const files = await listRequestLogFiles(directory)
      const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
      expect(total).toBeLessThanOrEqual(limits.totalBytesMax)
      for (const { bytes } of files) expect(bytes).toBeLessThanOrEqual(limits.fileBytesMax)
    }
    const kept = await readAll()
    expect(kept.length).toBeLessThan(40)
    expect(kept.at(-1)?.requestId).toBe('request-39')
    const numbers = kept.map(({ requestId }) => Number(requestId.split('-')[1]))
    expect(numbers).toEqual(numbers.map((_, index) => 40 - numbers.length + index))
  })

  it('writes a request that is larger than a file', async () => {
    const { open, readAll } = createSetting({ fileBytesMax: 10, totalBytesMax: 20 })
    const log = open()
    await log.write(loggedRequest('a'))
    await log.write(loggedRequest('b'))
    expect((await readAll()).map(({ requestId }) => requestId)).toEqual(['b'])
  })

  it('reads the whole lines of a file that was cut off, and the files after it', async () => {
    const { directory, open, readAll, unreadable } = createSetting()
    const log = open()
    await log.write(loggedRequest('a'))
    await log.write(loggedRequest('b'))
    const [file] = await listRequestLogFiles(directory)
    truncateSync(file?.path ?? '', (file?.bytes ?? 0) - 20)
    await open().write(loggedRequest('c'))
    expect((await readAll()).map(({ requestId }) => requestId)).toEqual(['a', 'c'])
    expect(unreadable).toEqual([expect.stringContaining('a line is no JSON')])
  })

  it('goes on after a file that is no gzip', async () => {
    const { directory, open, readAll, unreadable } = createSetting()
    await open().write(loggedRequest('a'))
    const [file] = await listRequestLogFiles(directory)
    writeFileSync(file?.path ?? '', 'not gzip')
    await open().write(loggedRequest('b'))
    expect((await readAll()).map(({ requestId }) => requestId)).toEqual(['b'])
    expect(unreadable).toEqual([expect.stringContaining('incorrect header check')])
  })

  it('says which lines are not of this release, and leaves other files alone', async () => {
    const { directory, open, readAll, unreadable } = createSetting()
    await open().write(loggedRequest('a'))
    const [file] = await listRequestLogFiles(directory)
    appendFileSync(file?.path ?? '', gzipSync('{"version":9}\nnot json\n'))
    writeFileSync(join(directory, 'notes.txt'), 'mine')
    expect(await readAll()).toHaveLength(1)
    expect(unreadable).toEqual([
      'version 9 of a line is not 1',
      expect.stringContaining('a line is no JSON'),
    ])
  })

  it('fails when it cannot write, and goes on in a new file when it can', async () => {
    const { directory, open, readAll } = createSetting()
    writeFileSync(directory, 'a file where the directory should be')
    const log = open()
    await expect(log.write(loggedRequest('a'))).rejects.toThrow('EEXIST')
    rmSync(directory)
    await log.write(loggedRequest('b'))
    expect((await readAll()).map(({ requestId }) => requestId)).toEqual(['b'])
    // The directory is gone while a file is open: that line is lost, the next begins anew.
    rmSync(directory, { recursive: true })
    await expect(log.write(loggedRequest('c'))).rejects.toThrow('ENOENT')
    mkdirSync(directory)
    await log.write(loggedRequest('d'))
    expect((await readAll()).map(({ requestId }) => requestId)).toEqual(['d'])
  })

  it('lets a hundred wait and refuses more', async () => {
    const { open } = createSetting()
    const log = open()
    const writes = Array.from({ length: 101 }, (_, id) => log.write(loggedRequest(`r${id}`)))
    const outcomes = await Promise.allSettled(writes)
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 100 }, () => 'fulfilled'),
      'rejected',
    ])
  })
})
