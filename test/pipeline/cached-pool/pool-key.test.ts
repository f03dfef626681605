import { describe, expect, it } from 'vitest'
import { poolKeyOf, viewerStateOf } from '../../../src/pipeline/cached-pool/pool-key.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { viewerStore } from '../contract-world.ts'
import { filledQuery, keyword, NOW_MS, userId, userIds } from '../home-feed-fixtures.ts'

const history = await viewerStore.actionSequence(userId(1), 10)

describe('the state of a viewer', () => {
  const before = filledQuery({ followedIds: userIds(10, 11), actionSequence: history })

  it.each<[string, Partial<HomeFeedQuery>]>([
    ['likes', { actionSequence: [...history, { ...history[0]!, actedAtMs: NOW_MS }] }],
    ['takes a like back', { actionSequence: [] }],
    ['follows', { followedIds: userIds(10, 11, 12) }],
    ['unfollows', { followedIds: userIds(10) }],
    ['blocks', { blockedIds: userIds(12) }],
    ['mutes', { mutedIds: userIds(12) }],
    ['mutes reposts', { mutedRepostIds: userIds(12) }],
    ['mutes a word', { mutedKeywords: [keyword('rain')] }],
    ['subscribes', { subscribedIds: userIds(12) }],
  ])('is another one when the viewer %s', (_title, change) => {
    expect(viewerStateOf({ ...before, ...change })).not.toBe(viewerStateOf(before))
  })

  it.each<[string, Partial<HomeFeedQuery>]>([
    ['lists come in another order', { followedIds: userIds(11, 10) }],
    ['somebody else blocks the viewer', { blockedByIds: userIds(12) }],
    ['posts are seen and served', { seenPostIds: new Set(), servedPostIds: new Set() }],
  ])('stays when %s', (_title, change) => {
    expect(viewerStateOf({ ...before, ...change })).toBe(viewerStateOf(before))
  })

  it.each([
    'actionSequence',
    'followedIds',
    'blockedIds',
    'mutedIds',
    'mutedRepostIds',
    'mutedKeywords',
    'subscribedIds',
    'followedTopicIds',
  ] as const)('is not known without %s', (field) => {
    expect(viewerStateOf({ ...before, [field]: undefined })).toBeNull()
  })
})

describe('the key of a pool', () => {
  it('differs by viewer, filter, languages, country and parameters, and by nothing else', () => {
    const keyOf = (more: Partial<HomeFeedQuery>, digest = 'a') =>
      poolKeyOf(filledQuery({ ...more, settingsDigest: digest }))
    const keys = [
      keyOf({}),
      keyOf({ viewerId: userId(2) }),
      keyOf({ filter: { ...EMPTY_FILTER, excludeVideos: true } }),
      keyOf({ filter: { ...EMPTY_FILTER, excludeReplies: true } }),
      keyOf({ countryCode: 'de' }),
      keyOf({ languages: ['de'] }),
      keyOf({ languages: ['de', 'en'] }),
      keyOf({}, 'b'),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(keyOf({ requestId: 'other', slateSize: 60 })).toBe(keyOf({}))
    expect(keyOf({ languages: ['en', 'de'] })).toBe(keyOf({ languages: ['de', 'en'] }))
  })

  it('reads lists and sets of a filter, in any order', () => {
    const keyOf = (topics: Iterable<number>) =>
      poolKeyOf(filledQuery({ filter: { ...EMPTY_FILTER, topics } as never }))
    expect(keyOf([2, 1])).toBe(keyOf(new Set([1, 2])))
    expect(keyOf([1])).not.toBe(keyOf([2]))
  })
})
