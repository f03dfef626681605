/** What filters make of candidates and lists that are not all there, and other corners. */
import { describe, expect, it } from 'vitest'
import { authorListsFilter } from '../../../src/pipeline/filters/author-lists.filter.ts'
import { authorSocialGraphFilter } from '../../../src/pipeline/filters/author-social-graph.filter.ts'
import { coreDataFilter } from '../../../src/pipeline/filters/core-data.filter.ts'
import { mutedKeywordFilter } from '../../../src/pipeline/filters/muted-keyword.filter.ts'
import { repostDeduplicationFilter } from '../../../src/pipeline/filters/repost-deduplication.filter.ts'
import { requestFilter } from '../../../src/pipeline/filters/request.filter.ts'
import { visibilityFilter } from '../../../src/pipeline/filters/visibility.filter.ts'
import { isWithheld, withheld } from '../../../src/pipeline/filters/withheld.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import { EMPTY_FILTER, type HomeFeedFilter } from '../../../src/pipeline/home-feed.query.ts'
import {
  candidate,
  filledQuery,
  keyword,
  post,
  quote,
  repost,
  userIds,
  searchTexts,
} from '../home-feed-fixtures.ts'
import { judge, judgeOne } from '../judge.ts'

const plain = post(100, 10)

describe('the social graph', () => {
  it.each([{ core: undefined }, { related: undefined }])('withholds without %o', (missing) => {
    const verdict = judgeOne(authorSocialGraphFilter(), filledQuery(), candidate(plain, missing))
    expect(verdict).toBe('withheld: actors not known')
  })

  it('judges a deleted post by its author', () => {
    const deleted = candidate(plain, { core: null })
    const filter = authorSocialGraphFilter()
    expect(judgeOne(filter, filledQuery(), deleted)).toBe(true)
    expect(judgeOne(filter, filledQuery({ mutedRepostIds: userIds(10) }), deleted)).toBe(true)
    const blocked = judgeOne(filter, filledQuery({ blockedIds: userIds(10) }), deleted)
    expect(blocked).toBe('shows an account that the viewer blocks')
  })

  it('lets nobody hide themselves from themselves', () => {
    const query = filledQuery({ mutedIds: userIds(1), blockedIds: userIds(1) })
    const quoting = candidate(quote(101, 10, post(90, 1)))
    expect(judgeOne(authorSocialGraphFilter(), query, quoting)).toBe(true)
  })
})

it.each([{ core: undefined }, { related: undefined }])(
  'the lists of accounts withhold without %o',
  (missing) => {
    const authorLists = { ...NO_AUTHOR_LISTS, notRecommendedAuthorIds: userIds(99) }
    const filter = authorListsFilter({ authorLists })
    const verdict = judgeOne(filter, filledQuery(), candidate(plain, missing))
    expect(verdict).toBe('withheld: actors not known')
  },
)

describe('texts', () => {
  it('are not judged without what a post points to', () => {
    const bare = candidate(plain, { related: undefined })
    expect(judgeOne(coreDataFilter(), filledQuery(), bare)).toBe('withheld: core data not known')
    const query = filledQuery({ mutedKeywords: [keyword('spoiler')] })
    expect(judgeOne(mutedKeywordFilter({ searchTexts: searchTexts() }), query, bare)).toBe(
      'withheld: text not known',
    )
  })
})

describe('reposts', () => {
  const [own, other] = [repost(101, 11, plain), repost(102, 12, plain)]
  const gone = 'another item shows the same post'

  it('of somebody whose reposts are muted say nothing about their own posts', () => {
    const query = filledQuery({ mutedRepostIds: userIds(10) })
    const list = [plain, own].map((each) => candidate(each))
    expect(judge(repostDeduplicationFilter(), query, list)).toEqual([true, gone])
  })

  it.each(['mutedRepostIds', 'mutedIds', 'blockedIds', 'blockedByIds'] as const)(
    'take nothing along when %s names their author, and all count while it is not known',
    (list) => {
      const candidates = [own, other].map((each) => candidate(each))
      const named = filledQuery({ [list]: userIds(11) })
      expect(judge(repostDeduplicationFilter(), named, candidates)).toEqual([true, true])
      const unknown = filledQuery({ [list]: undefined })
      expect(judge(repostDeduplicationFilter(), unknown, candidates)).toEqual([true, gone])
    },
  )
})

describe('what a client asks for', () => {
  const ask = (field: keyof HomeFeedFilter, more: Parameters<typeof candidate>[1]) =>
    judgeOne(
      requestFilter(),
      filledQuery({ filter: { ...EMPTY_FILTER, [field]: true } }),
      candidate(plain, more),
    )

  it.each([
    ['excludeReposts', { core: undefined }, true],
    ['excludeReposts', { core: null }, true],
    ['excludeReplies', { core: undefined }, true],
    ['excludeVideos', { videoDurationMs: undefined }, true],
    ['mediaOnly', { mediaKinds: undefined }, 'without media'],
    ['inNetworkOnly', { inNetwork: undefined }, 'not in network'],
  ] as const)('%s of %o is %s', (field, more, verdict) => {
    expect(ask(field, more)).toBe(verdict)
  })
})

describe('withheld', () => {
  it('is told from other reasons', () => {
    expect(isWithheld(withheld('blocks'))).toBe(true)
    expect(isWithheld('blocks are not known, withheld: ')).toBe(false)
    expect(isWithheld('deleted or unknown')).toBe(false)
    expect(isWithheld(null)).toBe(false)
  })

  it('is not what a drop without a rule is', () => {
    const visibility = { action: 'drop', rule: null, labels: [] } as const
    expect(judgeOne(visibilityFilter(), filledQuery(), candidate(plain, { visibility }))).toBe(
      false,
    )
  })
})
