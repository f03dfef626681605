import { expect, it } from 'vitest'
import { LastKnownGood } from '../../../src/pipeline/last-known-good.ts'
import { followedIdsQueryHydrator } from '../../../src/pipeline/query-hydrators/followed-ids.query-hydrator.ts'
import { withLastKnownGood } from '../../../src/pipeline/query-hydrators/with-last-known-good.ts'
import type { UserId } from '../../../src/ids.ts'
import { bareQuery, NOW_MS, stageContext, userId, userIds } from '../home-feed-fixtures.ts'

const AGE_MS_MAX = 600_000

/** A store whose next answer a test sets, behind a memory and a clock of its own. */
function createSetting() {
  const clock = { nowMs: NOW_MS }
  const now = () => clock.nowMs
  const store = { answer: async (): Promise<readonly UserId[]> => [userId(10)] }
  const viewerStore = { followedIds: () => store.answer() }
  const hydrator = withLastKnownGood(followedIdsQueryHydrator({ viewerStore, timeoutMs: 20 }), {
    memory: new LastKnownGood({ ageMsMax: AGE_MS_MAX, entriesMax: 2, now }),
    timeoutMs: 20,
    now,
  })
  const { context, degradations } = stageContext({ deadlineMs: NOW_MS + AGE_MS_MAX * 2 })
  return { clock, store, degradations, hydrate: () => hydrator.hydrate(bareQuery(), context) }
}

const fails = async () => {
  throw new Error('no database')
}
const never = () => new Promise<never>(() => undefined)

it.each([
  ['fails', fails, 'no database'],
  ['is late', never, 'no answer within 20 ms'],
])('answers what it read last when the read %s, and says so', async (_title, answer, message) => {
  const { store, hydrate, degradations } = createSetting()
  store.answer = answer
  await expect(hydrate()).rejects.toThrow(message)
  store.answer = async () => [userId(10)]
  expect(await hydrate()).toEqual({ followedIds: userIds(10) })
  expect(degradations).toEqual([])
  store.answer = answer
  expect(await hydrate()).toEqual({ followedIds: userIds(10) })
  expect(degradations).toEqual(['STALE_GRAPH database'])
})

it('forgets after ten minutes', async () => {
  const { clock, store, hydrate } = createSetting()
  await hydrate()
  store.answer = fails
  clock.nowMs += AGE_MS_MAX
  expect(await hydrate()).toEqual({ followedIds: userIds(10) })
  clock.nowMs += 1
  await expect(hydrate()).rejects.toThrow('no database')
})

it('answers before the request ends, when that is sooner than its own limit', async () => {
  const { clock, store, hydrate } = createSetting()
  await hydrate()
  store.answer = never
  clock.nowMs = NOW_MS + AGE_MS_MAX * 2
  await expect(hydrate()).rejects.toThrow('no answer within 0 ms')
})
