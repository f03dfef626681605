import { expect, it } from 'vitest'
import { mutedKeywordFilter } from '../../../src/pipeline/filters/muted-keyword.filter.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import {
  candidate,
  filledQuery,
  keyword,
  NO_RELATED,
  post,
  searchTexts,
} from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const createFilter = () => mutedKeywordFilter({ searchTexts: searchTexts() })
const spoiler = post(90, 9, { text: 'The spoiler' })
const plain = post(100, 10)
const query = filledQuery({ mutedKeywords: [keyword('spoiler')] })

it.each<[string, PostCandidate, boolean | string]>([
  ['nowhere', candidate(plain), true],
  ['in its own text', candidate(spoiler), 'muted word in body'],
  [
    'in the quoted text',
    candidate(plain, { related: { ...NO_RELATED, quoted: spoiler } }),
    'muted word in quoted',
  ],
  [
    'in a reposted text',
    candidate(plain, { related: { ...NO_RELATED, original: spoiler } }),
    'muted word in body',
  ],
  [
    'in an alternative text',
    candidate(plain, { altTexts: ['A #spoiler'] }),
    'muted word in alt_text',
  ],
  [
    'in a handle of anyone shown',
    candidate(plain, { actorHandles: ['ada', 'Spoiler'] }),
    'muted word in author_handle',
  ],
  [
    'in a link',
    candidate(post(101, 10, { text: 'see https://news.example/spoiler/1' })),
    'muted word in link',
  ],
])('finds a muted word %s', (_title, each, expected) => {
  expect(judgeOne(createFilter(), query, each)).toBe(expected)
})

it.each<[string, Partial<PostCandidate>]>([
  ['author handles', { actorHandles: undefined }],
  ['alternative texts', { altTexts: undefined }],
  ['text', { core: undefined }],
])('withholds a post whose %s are not known', (what, missing) => {
  const each = candidate(plain, missing)
  expect(judgeOne(createFilter(), query, each)).toBe(`withheld: ${what} not known`)
})

it('needs nothing that no keyword looks at', () => {
  const bodyOnly = filledQuery({ mutedKeywords: [keyword('spoiler', { surfaces: ['body'] })] })
  const each = candidate(plain, { altTexts: undefined, actorHandles: undefined })
  expect(judgeOne(createFilter(), bodyOnly, each)).toBe(true)
})

it('withholds everything while the keywords are not known, and rests when there are none', () => {
  const unknown = filledQuery({ mutedKeywords: undefined })
  expect(createFilter().enable?.(unknown)).toBe(true)
  const detail = 'withheld: muted keywords not known'
  expect(judgeOne(createFilter(), unknown, candidate(plain))).toBe(detail)
  expect(createFilter().enable?.(filledQuery())).toBe(false)
})
