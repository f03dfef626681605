import { expect, it } from 'vitest'
import { dropDuplicatesFilter } from '../../../src/pipeline/filters/drop-duplicates.filter.ts'
import { candidate, filledQuery, post, repost } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

it('keeps the first of equal ids, and a repost beside its original', () => {
  const original = post(100, 10)
  const list = [original, post(101, 11), original, repost(102, 12, original)].map((each) =>
    candidate(each),
  )
  expect(judge(dropDuplicatesFilter(), filledQuery(), list)).toEqual([true, true, false, true])
})
