import { expect, it } from 'vitest'
import { whoToFollowSource } from '../../../../src/pipeline/blending/sources/who-to-follow.source.ts'
import { HOME_FEED_PARAMS } from '../../../../src/pipeline/home-feed.params.ts'
import type { Loaders } from '../../../../src/store/loaders.ts'
import type { ModuleStore, SuggestionAsk } from '../../../../src/store/module-store.ts'
import { loadersOf, NOW_MS, stageContext, user, userId, VIEWER } from '../../home-feed-fixtures.ts'
import { filledForYouQuery, namesOf, rankedPosts } from '../blending-fixtures.ts'

const { context } = stageContext()

function createSource(suggestedAccounts: ModuleStore['suggestedAccounts']) {
  return whoToFollowSource({
    modules: { suggestedAccounts },
    timeoutMs: 100,
    bounds: HOME_FEED_PARAMS.whoToFollow,
    windowMs: 1_000,
    offeredMax: 12,
  })
}

const suggest = (...ids: number[]) =>
  ids.map((id) => ({ account: user(id), labels: ['spam'], friendCount: 2, peerCount: 1 }))

it('offers one module, best account first, and says whom to leave out', async () => {
  const asked: SuggestionAsk[] = []
  const source = createSource(async (ask) => {
    asked.push(ask)
    return suggest(9, 8)
  })
  const query = filledForYouQuery({ suggestedIds: [userId(5)] })
  expect(namesOf(await source.fetch(query, context))).toBe('w:9-8')
  expect(asked).toEqual([
    expect.objectContaining({
      viewerId: VIEWER,
      nowMs: NOW_MS,
      excludedIds: ['5'],
      windowMs: 1_000,
      accountsMax: 12,
      followsMax: 60,
    }),
  ])
})

it('leaves what it read with the loaders', async () => {
  const statements: (keyof Loaders)[] = []
  const loaders = loadersOf({ statements })
  const source = createSource(async () => suggest(9))
  await source.fetch(filledForYouQuery({}, rankedPosts([]), loaders), context)
  expect(await loaders.users.load(userId(9))).toEqual(user(9))
  expect(await loaders.userLabels.load(userId(9))).toEqual(['spam'])
  expect(statements).toEqual([])
})

it('brings nothing without connections, and fails with the store', async () => {
  expect(await createSource(async () => []).fetch(filledForYouQuery(), context)).toEqual([])
  const broken = createSource(() => Promise.reject(new Error('gone')))
  await expect(broken.fetch(filledForYouQuery(), context)).rejects.toThrow('gone')
})

it.each([
  [true, true],
  [false, false],
  [undefined, false],
] as const)('runs when who-to-follow is eligible: %s', (whoToFollowEligible, isOn) => {
  const { enable } = createSource(async () => [])
  expect(enable?.(filledForYouQuery({ whoToFollowEligible }))).toBe(isOn)
})
