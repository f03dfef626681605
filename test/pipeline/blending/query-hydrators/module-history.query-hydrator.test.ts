import { expect, it } from 'vitest'
import { moduleHistoryQueryHydrator } from '../../../../src/pipeline/blending/query-hydrators/module-history.query-hydrator.ts'
import { EMPTY_FILTER } from '../../../../src/pipeline/home-feed.query.ts'
import { toTopicId } from '../../../../src/ids.ts'
import { HOUR_MS, NOW_MS, stageContext, userId } from '../../home-feed-fixtures.ts'
import { bareForYouQuery } from '../blending-fixtures.ts'

const FATIGUE_MS = 30 * HOUR_MS

function createHydrator(lastMs: number | null, suggested: readonly number[] = []) {
  return moduleHistoryQueryHydrator({
    modules: {
      moduleHistory: async () => ({
        servedAtMs: new Map(lastMs === null ? [] : [['who-to-follow', lastMs]]),
        suggestedIds: suggested.map(userId),
        followsNobody: true,
      }),
    },
    timeoutMs: 100,
    fatigueMs: FATIGUE_MS,
    excludedMax: 3,
    whoToFollowPosition: 6,
    promptsMax: 1,
  })
}

it.each([
  ['never', null, true],
  ['30 hours ago', NOW_MS - FATIGUE_MS, true],
  ['a millisecond less ago', NOW_MS - FATIGUE_MS + 1, false],
  ['just now', NOW_MS, false],
] as const)('who was suggested accounts %s', async (_when, lastMs, whoToFollowEligible) => {
  const { context } = stageContext()
  const fields = await createHydrator(lastMs).hydrate(bareForYouQuery(), context)
  expect(fields).toMatchObject({ whoToFollowEligible, followsNobody: true })
})

const LONG_AGO_MS = NOW_MS - 2 * FATIGUE_MS

it.each([
  ['before its place', 5, NOW_MS, LONG_AGO_MS, true],
  ['behind its place', 6, NOW_MS, LONG_AGO_MS, false],
  ['before its place, though it has shown them', 5, LONG_AGO_MS, LONG_AGO_MS, false],
] as const)(
  'whether a lost session that goes on %s suggests accounts',
  async (_where, firstPosition, sessionStartedAtMs, lastMs, whoToFollowEligible) => {
    const { context } = stageContext()
    const query = { ...bareForYouQuery(), place: { firstPosition, sessionStartedAtMs } }
    const fields = await createHydrator(lastMs).hydrate(query, context)
    expect(fields).toMatchObject({ whoToFollowEligible })
  },
)

it('leaves out so many of the accounts suggested before, duplicates counted', async () => {
  const { context } = stageContext()
  const hydrator = createHydrator(null, [5, 5, 6, 7])
  const { suggestedIds } = await hydrator.hydrate(bareForYouQuery(), context)
  expect(suggestedIds).toEqual(['5', '5', '6'])
})

it('is not asked where modules are not wanted', () => {
  const { enable } = createHydrator(null)
  const isOn = (filter: object) =>
    enable?.({ ...bareForYouQuery(), filter: { ...EMPTY_FILTER, ...filter } })
  expect([isOn({}), isOn({ excludeReplies: true })]).toEqual([true, true])
  expect([isOn({ mediaOnly: true }), isOn({ inNetworkOnly: true })]).toEqual([false, false])
  expect(isOn({ topics: [toTopicId('7')] })).toBe(false)
  const at = (firstPosition: number) =>
    enable?.({ ...bareForYouQuery(), place: { firstPosition, sessionStartedAtMs: NOW_MS } })
  expect([at(5), at(6)]).toEqual([true, false])
})
