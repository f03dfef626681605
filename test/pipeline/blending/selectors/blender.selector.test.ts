import { expect, it } from 'vitest'
import type { FeedItem } from '../../../../src/pipeline/blending/feed-item.ts'
import { blenderSelector } from '../../../../src/pipeline/blending/selectors/blender.selector.ts'
import { HOME_FEED_PARAMS } from '../../../../src/pipeline/home-feed.params.ts'
import { NO_RELATED, NOW_MS, post, userId } from '../../home-feed-fixtures.ts'
import {
  filledForYouQuery,
  namesOf,
  postItem,
  promotedItem,
  promptItem,
  suggestionItem,
} from '../blending-fixtures.ts'

const blender = blenderSelector(HOME_FEED_PARAMS.blending)

/** Posts 0 to count - 1, all safe but those of `avoid`. */
function posts(count: number, avoid: readonly number[] = []): FeedItem[] {
  return Array.from({ length: count }, (_, index) => ({
    ...postItem(index),
    brandSafety: avoid.includes(index) ? 'medium-risk' : 'safe',
  }))
}

function blend(items: readonly FeedItem[], by = blender) {
  const { selected, nonSelected } = by.select(filledForYouQuery({ slateSize: 50 }), items)
  return { shown: namesOf(selected), left: namesOf(nonSelected) }
}

it.each<[string, readonly FeedItem[], string]>([
  [
    'prompts at the head, then who-to-follow as the sixth of all',
    [...posts(8), suggestionItem(7), promptItem('q0'), promptItem('q1')],
    'q:q0 q:q1 p0 p1 p2 w:7 p3 p4 p5 p6 p7',
  ],
  ['who-to-follow at the end of a short feed', [suggestionItem(7), ...posts(3)], 'p0 p1 p2 w:7'],
  ['modules alone', [suggestionItem(7), promptItem()], 'q:welcome w:7'],
  ['posts as they were', posts(7), 'p0 p1 p2 p3 p4 p5 p6'],
  [
    'promoted posts first, modules after',
    [...posts(6), promotedItem(90), promptItem(), suggestionItem(7)],
    'q:welcome p0 A90 p1 p2 w:7 p3 p4 p5',
  ],
])('places %s', (_what, items, expected) => {
  expect(blend(items)).toEqual({ shown: expected, left: '' })
})

it.each([
  [3, 'p0 p1 w:7 p2 p3'],
  [5, 'w:7 p0 p1 p2 p3'],
])('places who-to-follow as the sixth of a session that goes on at %i', (at, expected) => {
  const query = filledForYouQuery({
    slateSize: 50,
    place: { firstPosition: at, sessionStartedAtMs: NOW_MS },
  })
  const { selected } = blender.select(query, [...posts(4), suggestionItem(7)])
  expect(namesOf(selected)).toBe(expected)
})

it('leaves out a second who-to-follow and promoted posts without a place', () => {
  const items = [...posts(4), suggestionItem(7), suggestionItem(8), promotedItem(90)]
  expect(blend(items)).toEqual({ shown: 'p0 p1 p2 p3 w:7', left: 'w:8 A90' })
})

it('counts a post that nobody judged as no company for a promoted one', () => {
  const unjudged = Array.from({ length: 6 }, (_, index) => postItem(index))
  expect(blend([...unjudged, promotedItem(90)]).left).toBe('A90')
})

it.each<[string, Parameters<typeof promotedItem>[1], boolean]>([
  ['an account that it excludes as author', { adjacency: rules({ excludedUserIds: [2] }) }, false],
  ['another account', { adjacency: rules({ excludedUserIds: [3] }) }, true],
  ['a phrase that it excludes', { adjacency: rules({ excludedKeywords: ['Text of'] }) }, false],
  ['half of a phrase', { adjacency: rules({ excludedKeywords: ['text off'] }) }, true],
  ['no word at all', { adjacency: rules({ excludedKeywords: ['', ' '] }) }, true],
  ['nothing that it minds', { adjacency: null }, true],
])('places a promoted post beside %s', (_what, promotion, isPlaced) => {
  const { left } = blend([...posts(6), promotedItem(90, promotion)])
  expect(left).toBe(isPlaced ? '' : 'A90')
})

it('looks at everyone whom a neighbour shows', () => {
  const quoting = postItem(0, {
    core: post(0, 2, { quotedUserId: userId(66) }),
    related: NO_RELATED,
  })
  const items = [{ ...quoting, brandSafety: 'safe' as const }, ...posts(6).slice(1)]
  const adjacency = rules({ excludedUserIds: [66] })
  expect(blend([...items, promotedItem(90, { adjacency })]).left).toBe('A90')
})

it.each([
  ['low', 'A90'],
  ['ias', 'A90'],
  ['unknown', ''],
  ['medium', ''],
  ['high', ''],
] as const)('keeps one of risk %s off low-risk posts as it asks', (risk, left) => {
  const items = posts(6).map((item) => ({ ...item, brandSafety: 'low-risk' as const }))
  expect(blend([...items, promotedItem(90, { adjacency: rules({ risk }) })]).left).toBe(left)
})

it('keeps the order of posts under safe_gap', () => {
  const by = blenderSelector({ ...HOME_FEED_PARAMS.blending, adsBlenderType: 'safe_gap' })
  const items = [...posts(6, [1]), promotedItem(90)]
  expect(blend(items).shown).toBe('p0 A90 p2 p1 p3 p4 p5')
  expect(blend(items, by).shown).toBe('p0 p1 p2 A90 p3 p4 p5')
})

function rules({
  risk = 'high',
  excludedUserIds = [],
  excludedKeywords = [],
}: {
  readonly risk?: 'unknown' | 'low' | 'ias' | 'medium' | 'high'
  readonly excludedUserIds?: readonly number[]
  readonly excludedKeywords?: readonly string[]
}) {
  return { risk, excludedUserIds: excludedUserIds.map(userId), excludedKeywords }
}
