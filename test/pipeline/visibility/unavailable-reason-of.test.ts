import { expect, it } from 'vitest'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import { unavailableReasonOf } from '../../../src/pipeline/visibility/unavailable-reason-of.ts'
import type { ViewerFacts } from '../../../src/pipeline/visibility/viewer-facts.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import {
  keyword,
  loadersOf,
  NOW_MS,
  post,
  quote,
  repost,
  searchTexts,
  user,
  userIds,
  VIEWER,
} from '../home-feed-fixtures.ts'
import type { World } from '../home-feed-fixtures.ts'
import { media } from '../media-fixtures.ts'
import { relations } from '../store-fixtures.ts'

const plain = post(100, 10)
const users = [user(1), user(10), user(11), user(12, { handle: 'spoiler' })]
const facts = (more: Partial<ViewerFacts> = {}): ViewerFacts => ({
  ...relations(),
  viewerId: VIEWER,
  followedIds: new Set(),
  countryCode: null,
  nowMs: NOW_MS,
  authorLists: NO_AUTHOR_LISTS,
  ...more,
})
const reasonOf = (each: PostRecord | null, viewer: ViewerFacts | null, world: World = {}) =>
  unavailableReasonOf(each, {
    facts: viewer,
    loaders: loadersOf({ users, ...world }),
    searchTexts: searchTexts(),
  })

it('judges by the rules at level home', async () => {
  expect(await reasonOf(plain, facts())).toBeNull()
  expect(await reasonOf(plain, facts({ blockedByIds: userIds(10) }))).toBe('BLOCKED_BY_AUTHOR')
  const warned: World = { moderation: { '100': { labels: ['adult'] } } }
  expect(await reasonOf(plain, facts(), warned)).toBeNull()
})

it('knows nothing without a post, and shows nothing without the lists', async () => {
  expect(await reasonOf(null, facts())).toBe('DELETED')
  expect(await reasonOf(plain, null)).toBe('UNKNOWN')
})

it('makes a repost as visible as its original', async () => {
  const carried = repost(101, 11, plain)
  const world = { posts: [plain] }
  expect(await reasonOf(carried, facts(), world)).toBeNull()
  expect(await reasonOf(carried, facts())).toBe('DELETED')
  expect(await reasonOf(carried, facts({ mutedIds: userIds(10) }), world)).toBe('AUTHOR_MUTED')
})

const spoiler = post(102, 10, { text: 'A spoiler' })

it.each([
  ['its text', spoiler, {}],
  ['the quoted text', quote(103, 11, spoiler), { posts: [spoiler] }],
  ['an alternative text', plain, { media: [media(plain, { altText: 'spoiler' })] }],
  ['the handle', post(104, 12), {}],
])('hides a muted keyword in %s', async (_title, each, world: World) => {
  const muted = facts({ mutedKeywords: [keyword('spoiler')] })
  expect(await reasonOf(each, facts(), world)).toBeNull()
  expect(await reasonOf(each, muted, world)).toBe('KEYWORD_MUTED')
})

it("compiles a viewer's keywords once, however many posts they ask for", async () => {
  let readings = 0
  const counted = keyword('spoiler')
  const phrase = { get: () => ((readings += 1), 'spoiler') }
  const mutedKeywords = [Object.defineProperty({ ...counted }, 'phrase', phrase)]
  const asks = [plain, spoiler, post(104, 12)].map((each) =>
    // As a request context does: facts of their own for each ask, around one list.
    reasonOf(each, facts({ mutedKeywords })),
  )
  expect(await Promise.all(asks)).toEqual([null, 'KEYWORD_MUTED', 'KEYWORD_MUTED'])
  expect(readings).toBe(1)
})

it('hides neither a post without the muted keyword nor one that quotes such a post', async () => {
  const muted = facts({ mutedKeywords: [keyword('unsaid')] })
  expect(await reasonOf(spoiler, muted)).toBeNull()
  expect(await reasonOf(quote(103, 11, spoiler), muted, { posts: [spoiler] })).toBeNull()
  expect(await reasonOf(repost(106, 11, spoiler), muted, { posts: [spoiler] })).toBeNull()
})

it("shows a viewer's own posts in spite of their keywords", async () => {
  const muted = facts({ mutedKeywords: [keyword('spoiler')] })
  expect(await reasonOf(post(105, 1, { text: 'my spoiler' }), muted)).toBeNull()
})

it('answers nothing when the rules cannot be checked', async () => {
  const broken: World = { broken: ['postModeration'] }
  await expect(reasonOf(plain, facts(), broken)).rejects.toThrow('cannot be read')
})
