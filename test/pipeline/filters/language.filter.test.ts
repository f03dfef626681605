import { expect, it } from 'vitest'
import { languageFilter } from '../../../src/pipeline/filters/language.filter.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { candidate, filledQuery, post, user } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const byRequest = languageFilter({ usesAccountLanguage: false })
const byAccount = languageFilter({ usesAccountLanguage: true })
const inLanguage = (language: string | null) =>
  candidate(post(100, 10, { language }), { inNetwork: false })

it.each<[string | null, boolean | undefined, boolean | string]>([
  ['en', false, true],
  ['en-GB', false, true],
  ['EN', false, true],
  ['de', false, true],
  ['es', false, 'in es'],
  ['es-419', false, 'in es'],
  ['es', true, true],
  ['es', undefined, true],
  [null, false, true],
  ['', false, true],
  ['und', false, true],
  ['zxx', false, true],
])('of readers of English and German: %j, in network %s: %s', (language, inNetwork, kept) => {
  const query = filledQuery({ languages: ['en', 'de'] })
  expect(judgeOne(byRequest, query, { ...inLanguage(language), inNetwork })).toBe(kept)
})

it('keeps a post that could not be read: other filters know what to do with it', () => {
  const unread = { ...inLanguage('es'), core: undefined }
  expect(judgeOne(byRequest, filledQuery({ languages: ['en'] }), unread)).toBe(true)
})

it.each<[string, Partial<HomeFeedQuery>, boolean, boolean]>([
  ['nothing is said', {}, false, false],
  ['the request says', { languages: ['en'] }, true, true],
  ['only the account says', { viewerAccount: user(1, { language: 'ja-JP' }) }, false, true],
  ['the account says nothing', { viewerAccount: user(1, { language: 'und' }) }, false, false],
  ['the account cannot be read', { viewerAccount: undefined }, false, false],
])('where %s: by request %s, by account %s', (_title, more, isByRequest, isByAccount) => {
  expect(byRequest.enable?.(filledQuery(more))).toBe(isByRequest)
  expect(byAccount.enable?.(filledQuery(more))).toBe(isByAccount)
})

it('goes by the request before the account', () => {
  const viewerAccount = user(1, { language: 'ja' })
  const query = filledQuery({ viewerAccount, languages: ['en'] })
  expect(judgeOne(byAccount, query, inLanguage('ja'))).toBe('in ja')
  const silent = filledQuery({ viewerAccount })
  expect(judgeOne(byAccount, silent, inLanguage('ja-JP'))).toBe(true)
  expect(judgeOne(byAccount, silent, inLanguage('en'))).toBe('in en')
})
