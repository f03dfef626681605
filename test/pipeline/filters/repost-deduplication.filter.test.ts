import { expect, it } from 'vitest'
import { repostDeduplicationFilter } from '../../../src/pipeline/filters/repost-deduplication.filter.ts'
import { candidate, filledQuery, post, repost, userIds } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const original = post(100, 10)
const first = repost(101, 11, original)
const second = repost(102, 12, original)
const GONE = 'another item shows the same post'

it.each([
  ['a repost first', [first, original, second], [true, GONE, GONE]],
  ['the original first', [original, first], [true, GONE]],
  ['different posts', [original, post(103, 11)], [true, true]],
])('keeps one of a post and its reposts: %s', (_title, posts, expected) => {
  const list = posts.map((each) => candidate(each))
  expect(judge(repostDeduplicationFilter(), filledQuery(), list)).toEqual(expected)
})

it('lets no unwanted repost take its original along', () => {
  const query = filledQuery({ mutedRepostIds: userIds(11) })
  const list = [first, original].map((each) => candidate(each))
  expect(judge(repostDeduplicationFilter(), query, list)).toEqual([true, true])
})
