import { expect, it } from 'vitest'
import {
  newViewerEngagementFilter,
  type NewViewerEngagementOptions,
} from '../../../src/pipeline/filters/new-viewer-engagement.filter.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { candidate, filledQuery, NOW_MS, post, user } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const PUBLISHED = HOME_FEED_PARAMS.newViewerEngagement
const LITTLE = 'too little engagement for a new viewer'
const born = (minutesAgo: number) => user(1, { createdAtMs: NOW_MS - minutesAgo * MINUTE_MS })
const asNew: Partial<HomeFeedQuery> = { viewerAccount: born(5) }

/** Visits so many ms ago. */
const visits = (...agesMs: number[]): Partial<HomeFeedQuery> => ({
  pastRequestTimesMs: agesMs.map((ageMs) => NOW_MS - ageMs),
})

interface Counted {
  readonly likes?: number
  readonly replies?: number
  readonly reposts?: number
  readonly quotes?: number
  readonly views?: number
  readonly inNetwork?: boolean | undefined
}
const EACH: Counted = { likes: 1, replies: 2, reposts: 4, quotes: 8 }
const stranger = ({
  likes = 0,
  replies = 0,
  reposts = 0,
  quotes = 0,
  views = 0,
  ...more
}: Counted) =>
  candidate(post(100, 10), {
    inNetwork: 'inNetwork' in more ? more.inNetwork : false,
    engagementCounts: {
      likes,
      replies,
      reposts,
      quotes,
      views,
    },
  })
const uncounted = (inNetwork: boolean | undefined) =>
  candidate(post(101, 11), { inNetwork, engagementCounts: undefined })

function judged(
  options: Partial<NewViewerEngagementOptions>,
  list: Parameters<typeof judge>[2],
  more: Partial<HomeFeedQuery> = asNew,
) {
  const filter = newViewerEngagementFilter({ ...PUBLISHED, isOn: true, ...options })
  return judge(filter, filledQuery(more), list)
}

it.each<[string, Partial<NewViewerEngagementOptions>, Counted, boolean | string]>([
  ['likes below the threshold', { threshold: 3 }, { likes: 2, replies: 9 }, LITTLE],
  ['likes at the threshold', { threshold: 3 }, { likes: 3 }, true],
  ['all engagements', { metric: 'engagement', threshold: 3 }, { likes: 1, replies: 2 }, true],
  ['too few of all', { metric: 'engagement', threshold: 4 }, { likes: 1, replies: 2 }, LITTLE],
  ['every kind', { metric: 'engagement', threshold: 15 }, EACH, true],
  ['no more than every kind', { metric: 'engagement', threshold: 16 }, EACH, LITTLE],
  ['views, not likes', { metric: 'view', threshold: 5 }, { likes: 9, views: 4 }, LITTLE],
  ['views', { metric: 'view', threshold: 5 }, { views: 4 }, LITTLE],
  ['views, though a ratio is asked', { metric: 'view', usesRatio: true }, { views: 4 }, true],
  ['a share of the views', { usesRatio: true, threshold: 0.5 }, { likes: 2, views: 4 }, true],
  ['a smaller share', { usesRatio: true, threshold: 0.6 }, { likes: 2, views: 4 }, LITTLE],
  ['likes from within', { threshold: 3 }, { inNetwork: true }, true],
  ['likes from nobody knows where', { threshold: 3 }, { inNetwork: undefined }, true],
  ['the default threshold', {}, {}, true],
])('tests %s', (_title, options, counted, expected) => {
  expect(judged(options, [stranger(counted)])).toEqual([expected])
})

it('keeps what has no metric', () => {
  const list = [stranger({ likes: 1 }), uncounted(false), uncounted(true), uncounted(undefined)]
  expect(judged({}, list)).toEqual([true, true, true, true])
  const counts = [{ likes: 1, views: 0 }, { views: 0 }, { likes: 1, views: 2 }]
  expect(judged({ usesRatio: true }, counts.map(stranger))).toEqual([true, true, true])
})

it('keeps everything while the counter is out of reach', () => {
  expect(judged({ threshold: 9 }, [uncounted(false), uncounted(false)])).toEqual([true, true])
  // A post from within proves that the counter works.
  const list = [uncounted(false), stranger({ likes: 1 }), stranger({ inNetwork: true })]
  expect(judged({ threshold: 9 }, list)).toEqual([true, LITTLE, true])
})

it.each<[string, Partial<HomeFeedQuery>, boolean]>([
  ['of a new account', { viewerAccount: born(29) }, true],
  ['of an account at the limit', { viewerAccount: born(30) }, false],
  ['of nobody', { viewerAccount: null }, false],
  ['of one who comes back now', visits(28 * DAY_MS), true],
  ['of one who was away for less', visits(28 * DAY_MS - 1), false],
  ['of one who came back', visits(1, 29 * MINUTE_MS, 40 * DAY_MS), true],
  ['of one who is back for half an hour', visits(30 * MINUTE_MS, 40 * DAY_MS), false],
  ['of one who was never here', visits(), false],
])('tests requests %s: %s', (_title, more, isTested) => {
  const expected = [isTested ? LITTLE : true]
  expect(judged({ threshold: 1 }, [stranger({})], more)).toEqual(expected)
})

it('is off by default', () => {
  expect(newViewerEngagementFilter(PUBLISHED).enable?.(filledQuery(asNew))).toBe(false)
})
