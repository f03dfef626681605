import { expect, it } from 'vitest'
import { ServedWriter } from '../../src/sessions/served-writer.ts'
import type { ServedRecord } from '../../src/store/viewer-store.ts'
import { VIEWER } from '../pipeline/home-feed-fixtures.ts'

const RECORD: ServedRecord = {
  viewerId: VIEWER,
  servedAtMs: 1,
  requestedAtMs: null,
  surface: 'home',
  posts: [],
}

it('waits for a write', async () => {
  const written: ServedRecord[] = []
  const told: ServedRecord[] = []
  const writer = new ServedWriter({
    onServed: (record) => told.push(record),
    viewerStore: { recordServed: (record) => Promise.resolve(void written.push(record)) },
    waitMs: 10_000,
    onFailure: () => expect.unreachable(),
  })
  await writer.write(RECORD)
  expect(written).toEqual([RECORD])
  expect(told).toEqual([RECORD])
})

it('tells about a failed write and lets the page go', async () => {
  const failures: unknown[] = []
  const writer = new ServedWriter({
    viewerStore: { recordServed: () => Promise.reject(new Error('gone')) },
    waitMs: 10_000,
    onFailure: (record, error) => failures.push(record, (error as Error).message),
  })
  await writer.write(RECORD)
  expect(failures).toEqual([RECORD, 'gone'])
})

it('does not hold a page for a write that hangs, but a shutdown waits for it', async () => {
  let finish = (): void => expect.unreachable()
  const writer = new ServedWriter({
    viewerStore: {
      recordServed: () => new Promise<void>((resolve) => (finish = resolve)),
    },
    waitMs: 1,
    onFailure: () => expect.unreachable(),
  })
  await writer.write(RECORD)
  let isDrained = false
  const drained = writer.drain().then(() => (isDrained = true))
  await Promise.resolve()
  expect(isDrained).toBe(false)
  finish()
  await drained
})
