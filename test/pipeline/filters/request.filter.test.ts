import { expect, it } from 'vitest'
import { requestFilter } from '../../../src/pipeline/filters/request.filter.ts'
import type { HomeFeedFilter } from '../../../src/pipeline/home-feed.query.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import { candidate, filledQuery, post, reply, repost } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const plain = post(100, 10)
const list = [
  candidate(plain, { inNetwork: true }),
  candidate(reply(101, 11, plain)),
  candidate(repost(102, 12, plain)),
  candidate(post(103, 13), { mediaKinds: ['image'] }),
  candidate(post(104, 14), { mediaKinds: ['video'], videoDurationMs: 0 }),
]

it.each<[keyof HomeFeedFilter, readonly (boolean | string)[]]>([
  ['excludeVideos', [true, true, true, true, 'a video']],
  ['excludeReplies', [true, 'a reply', true, true, true]],
  ['excludeReposts', [true, true, 'a repost', true, true]],
  ['mediaOnly', ['without media', 'without media', 'without media', true, true]],
  ['inNetworkOnly', [true, ...Array<string>(4).fill('not in network')]],
])('applies %s', (field, expected) => {
  const query = filledQuery({ filter: { ...EMPTY_FILTER, [field]: true } })
  expect(requestFilter().enable?.(query)).toBe(true)
  expect(judge(requestFilter(), query, list)).toEqual(expected)
})

it('does not run when nothing is asked', () => {
  expect(requestFilter().enable?.(filledQuery())).toBe(false)
})
