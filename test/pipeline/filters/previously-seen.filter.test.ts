import { expect, it } from 'vitest'
import { previouslySeenFilter } from '../../../src/pipeline/filters/previously-seen.filter.ts'
import {
  candidate,
  filledQuery,
  NO_RELATED,
  NOW_MS,
  post,
  postIds,
  reply,
  repost,
} from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'
import { seenGeneration } from '../store-fixtures.ts'

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

const longAgo = filledQuery({ seenGenerations: [seenGeneration(1), seenGeneration(100)] })
const old = { createdAtMs: NOW_MS - 1 }
const young = { createdAtMs: NOW_MS + 61_000 }

it.each([
  ['itself', candidate(post(100, 10, old)), 'seen long ago'],
  ['its original', candidate(repost(101, 11, parent)), 'original seen long ago'],
  ['its parent, out of network', candidate(reply(102, 11, parent)), 'parent seen long ago'],
  ['its parent, in network', candidate(reply(102, 11, parent), { inNetwork: true }), true],
  ['something else', candidate(post(103, 11)), true],
  // No filter can hold a post that was made after it was written, whatever its bits say.
  ['what is younger than the filter', candidate(post(100, 11, young)), true],
  [
    'an original that is younger than the filter',
    candidate(repost(101, 11, parent), {
      related: { ...NO_RELATED, original: post(100, 10, young) },
    }),
    true,
  ],
  [
    'a parent that is known to be older',
    candidate(reply(102, 11, parent), { related: { ...NO_RELATED, parent } }),
    'parent seen long ago',
  ],
  [
    'a parent that is younger than the filter',
    candidate(reply(102, 11, parent), {
      related: { ...NO_RELATED, parent: post(100, 10, young) },
    }),
    true,
  ],
])('judges a post whose viewer saw, long ago, %s', (_title, each, expected) => {
  expect(judgeOne(previouslySeenFilter(), longAgo, each)).toBe(expected)
})

it('asks the filters only for what no exact id settles', () => {
  const query = { ...longAgo, seenPostIds: postIds(100) }
  expect(judgeOne(previouslySeenFilter(), query, candidate(parent))).toBe('seen')
})

it('goes by exact ids when the filters could not be read', () => {
  const query = filledQuery({ seenPostIds: postIds(100), seenGenerations: undefined })
  expect(judgeOne(previouslySeenFilter(), query, candidate(post(101, 10)))).toBe(true)
})
