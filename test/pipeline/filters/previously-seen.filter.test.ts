import { expect, it } from 'vitest'
import { previouslySeenFilter } from '../../../src/pipeline/filters/previously-seen.filter.ts'
import { candidate, filledQuery, post, postIds, reply, repost } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const parent = post(100, 10)
const seen = filledQuery({ seenPostIds: postIds(100) })

it.each([
  ['itself', candidate(parent), 'seen'],
  ['its original', candidate(repost(101, 11, parent)), 'original seen'],
  ['its parent, out of network', candidate(reply(102, 11, parent)), 'parent seen'],
  ['its parent, in network', candidate(reply(102, 11, parent), { inNetwork: true }), true],
  ['something else', candidate(post(103, 11)), true],
])('judges a post when the viewer has seen %s', (_title, each, expected) => {
  expect(judgeOne(previouslySeenFilter(), seen, each)).toBe(expected)
})

it('goes by the client when impressions could not be read', () => {
  const query = filledQuery({ seenPostIds: undefined, alsoSeenPostIds: postIds(100) })
  expect(judgeOne(previouslySeenFilter(), query, candidate(parent))).toBe('seen')
})
