import { expect, it } from 'vitest'
import { selfPostFilter } from '../../../src/pipeline/filters/self-post.filter.ts'
import { candidate, filledQuery, post, repost } from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

it("removes the viewer's own posts and keeps others' reposts of them", () => {
  const own = post(100, 1)
  const list = [own, repost(101, 10, own)].map((each) => candidate(each))
  expect(judge(selfPostFilter(), filledQuery(), list)).toEqual([false, true])
})
