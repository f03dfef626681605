import { expect, it } from 'vitest'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import { isAgeGated, toViewerFacts } from '../../../src/pipeline/visibility/viewer-facts.ts'
import { isTakenDown } from '../../../src/pipeline/visibility/visibility-predicates.ts'
import type { UserRecord } from '../../../src/store/records.ts'
import { filledQuery, NOW_MS, post, user } from '../home-feed-fixtures.ts'

const given = { nowMs: NOW_MS, authorLists: NO_AUTHOR_LISTS }

function factsOf(more: Partial<HomeFeedQuery> = {}) {
  const facts = toViewerFacts(filledQuery(more), given)
  if (facts === null) throw new Error('nothing is missing here')
  return facts
}

it.each([
  'blockedIds',
  'blockedByIds',
  'mutedIds',
  'mutedRepostIds',
  'mutedKeywords',
  'subscribedIds',
  'viewerAccount',
] as const)('are none without %s', (name) => {
  expect(toViewerFacts(filledQuery({ [name]: undefined }), given)).toBeNull()
})

const THIS_YEAR = new Date(NOW_MS).getUTCFullYear()

it.each<[string, Partial<UserRecord> | null, string | null, boolean]>([
  ['eighteen this year', { birthYear: THIS_YEAR - 18 }, 'de', false],
  ['seventeen this year', { birthYear: THIS_YEAR - 17 }, null, true],
  ['no age, in a country that asks for one', { birthYear: null, country: 'DE' }, null, true],
  ['no age, asking from such a country', { birthYear: null }, 'de', true],
  ['no age, at home elsewhere', { birthYear: null, country: 'se' }, 'de', false],
  ['no account, asking from elsewhere', null, 'se', false],
])('gate for age: %s', (_title, account, countryCode, expected) => {
  const viewerAccount = account === null ? null : user(1, account)
  expect(isAgeGated(factsOf({ viewerAccount, countryCode }))).toBe(expected)
})

it.each<[string, readonly string[], string | null, string | null, boolean]>([
  ['everywhere', ['XX'], null, null, true],
  ['everywhere, the other way to say it', ['xy'], 'se', null, true],
  ['in the country of the request, among others', ['FR', 'DE'], 'de', 'se', true],
  ['in the country of the account, among others', ['FR', 'DE'], null, 'de', true],
  ['elsewhere', ['fr'], 'de', 'se', false],
  ['nowhere', [], 'de', 'se', false],
  ['in a country without a name, for nobody', [''], null, null, false],
])('a takedown counts %s', (_title, takedownCountries, countryCode, country, expected) => {
  const viewer = factsOf({ countryCode, viewerAccount: user(1, { country }) })
  const subject = {
    post: post(100, 10),
    author: user(10),
    moderation: { labels: [], takedownCountries },
    authorLabels: [],
  }
  expect(isTakenDown(subject, viewer)).toBe(expected)
})

it('a takedown counts everywhere for nobody in particular too', () => {
  const viewer = factsOf({ countryCode: null, viewerAccount: null })
  const subject = {
    post: post(100, 10),
    author: user(10),
    moderation: { labels: [], takedownCountries: ['xx'] },
    authorLabels: [],
  }
  expect(isTakenDown(subject, viewer)).toBe(true)
})
