import { expect, it } from 'vitest'
import { authorListsFilter } from '../../../src/pipeline/filters/author-lists.filter.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import {
  candidate,
  filledQuery,
  NO_RELATED,
  post,
  quote,
  reply,
  repost,
  userIds,
} from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const LISTED = 66
const listed = post(90, LISTED)
const authorLists = { ...NO_AUTHOR_LISTS, notRecommendedAuthorIds: userIds(LISTED, 1) }
const filter = authorListsFilter({ authorLists })
const root = post(80, LISTED)
const parent = reply(81, 11, root)
const removed = 'shows an account that is not recommended'

it.each<[string, PostCandidate, boolean | string]>([
  ['nobody who is listed', candidate(post(91, 10)), true],
  ['a listed author', candidate(listed), removed],
  ['a listed reposted author', candidate(repost(92, 10, listed)), removed],
  ['a listed quoted author', candidate(quote(93, 10, listed)), removed],
  [
    "a listed root's author",
    candidate(reply(94, 10, parent), { related: { ...NO_RELATED, parent, root } }),
    removed,
  ],
  ['the viewer', candidate(quote(95, 10, post(96, 1))), true],
  [
    'actors that are not known',
    candidate(post(97, 10), { core: undefined }),
    'withheld: actors not known',
  ],
])('judges a post that shows %s', (_title, each, expected) => {
  expect(judgeOne(filter, filledQuery(), each)).toBe(expected)
})

it('keeps whom the viewer follows, and nobody when follows are not known', () => {
  const each = candidate(quote(93, 10, listed))
  expect(judgeOne(filter, filledQuery({ followedIds: userIds(LISTED) }), each)).toBe(true)
  expect(judgeOne(filter, filledQuery({ followedIds: undefined }), each)).toBe(removed)
})

it('rests without a list', () => {
  expect(authorListsFilter({ authorLists: NO_AUTHOR_LISTS }).enable?.(filledQuery())).toBe(false)
  expect(filter.enable?.(filledQuery())).toBe(true)
})
