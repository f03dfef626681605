import { expect, it } from 'vitest'
import { previouslyServedFilter } from '../../../src/pipeline/filters/previously-served.filter.ts'
import { candidate, filledQuery, post, postIds, reply, repost } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const original = post(100, 10)
const list = [original, repost(101, 11, original), reply(102, 12, original), post(103, 13)].map(
  (each) => candidate(each),
)

it('removes by own and original id, not by parent', () => {
  const query = filledQuery({ servedPostIds: postIds(100) })
  const served = 'served minutes ago'
  expect(judge(previouslyServedFilter(), query, list)).toEqual([served, served, true, true])
  const ofRepost = filledQuery({ servedPostIds: postIds(101) })
  expect(judge(previouslyServedFilter(), ofRepost, list)).toEqual([true, served, true, true])
})

it('never repeats inside a session, whatever else is known', () => {
  const query = filledQuery({ servedPostIds: undefined, sessionServedPostIds: postIds(103) })
  expect(judge(previouslyServedFilter(), query, list)).toEqual([
    true,
    true,
    true,
    'served in this session',
  ])
  const ofOriginal = filledQuery({ sessionServedPostIds: postIds(100) })
  const served = 'served in this session'
  expect(judge(previouslyServedFilter(), ofOriginal, list)).toEqual([served, served, true, true])
})
