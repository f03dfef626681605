import { expect, it } from 'vitest'
import { authorSocialGraphFilter } from '../../../src/pipeline/filters/author-social-graph.filter.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
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

const BAD = 66
const bad = post(90, BAD)
const root = post(80, BAD)
const parent = reply(81, 11, root)

const shows: readonly [string, PostCandidate][] = [
  ['author', candidate(bad)],
  ['reposter', candidate(repost(91, BAD, post(92, 10)))],
  ['reposted author', candidate(repost(93, 10, bad))],
  ['quoted author', candidate(quote(94, 10, bad))],
  ["parent's author", candidate(reply(95, 10, bad))],
  ["root's author", candidate(reply(96, 10, parent), { related: { ...NO_RELATED, parent, root } })],
  [
    'author answered by a reposted post, whose own is gone',
    candidate(repost(97, 10, reply(98, 11, bad)), {
      related: { ...NO_RELATED, original: reply(98, 11, bad) },
    }),
  ],
  [
    'author quoted by a reposted post, whose own is gone',
    candidate(repost(97, 10, quote(98, 11, bad)), {
      related: { ...NO_RELATED, original: quote(98, 11, bad) },
    }),
  ],
]

it.each(
  (
    [
      ['blockedIds', 'shows an account that the viewer blocks'],
      ['blockedByIds', 'shows an account that blocks the viewer'],
      ['mutedIds', 'shows an account that the viewer mutes'],
    ] as const
  ).flatMap(([list, detail]) => shows.map(([actor, each]) => ({ list, detail, actor, each }))),
)('removes by $list: $actor', ({ list, detail, each }) => {
  const filter = authorSocialGraphFilter()
  expect(judgeOne(filter, filledQuery({ [list]: userIds(BAD) }), each)).toBe(detail)
  expect(judgeOne(filter, filledQuery({ [list]: userIds(67) }), each)).toBe(true)
})

it('removes only reposts of an account whose reposts are muted', () => {
  const query = filledQuery({ mutedRepostIds: userIds(10) })
  const verdictOf = (each: PostCandidate) => judgeOne(authorSocialGraphFilter(), query, each)
  expect(verdictOf(candidate(post(100, 10)))).toBe(true)
  expect(verdictOf(candidate(repost(101, 10, post(102, 11))))).toBe(
    'reposts of the account are muted',
  )
})

it.each(['blockedIds', 'blockedByIds', 'mutedIds', 'mutedRepostIds'] as const)(
  'withholds everything while %s are not known',
  (list) => {
    const query = filledQuery({ [list]: undefined })
    const verdict = judgeOne(authorSocialGraphFilter(), query, candidate(post(100, 10)))
    expect(verdict).toBe('withheld: blocks and mutes not known')
  },
)

it('withholds a post whose actors are not known', () => {
  const each = candidate(post(100, 10), { related: undefined })
  const verdict = judgeOne(authorSocialGraphFilter(), filledQuery(), each)
  expect(verdict).toBe('withheld: actors not known')
})
