import { describe, expect, it } from 'vitest'
import { compileMutedKeywords } from '../../../src/pipeline/muted-keywords/keyword-matcher.ts'
import type { ItemTexts } from '../../../src/pipeline/muted-keywords/keyword-matcher.ts'
import type { KeywordMatch, MutedKeywordRecord } from '../../../src/store/records.ts'
import { keyword, searchTexts } from '../home-feed-fixtures.ts'

const NOTHING: ItemTexts = { body: [], quoted: [], handles: [], altTexts: [] }
const occurs = (muted: MutedKeywordRecord, texts: Partial<ItemTexts>) =>
  compileMutedKeywords([muted], searchTexts()).find({ ...NOTHING, ...texts }) !== null
const inBody = (phrase: string, text: string, match: KeywordMatch = 'word') =>
  occurs(keyword(phrase, { match, surfaces: ['body'] }), { body: [text] })

describe('words and phrases', () => {
  it.each([
    ['cat', 'A Cat!', true],
    ['cat', 'concatenate', false],
    ['cat', 'the #cat', true],
    ['cat', 'hi @cat', false],
    ['#cat', 'the cat', false],
    ['#cat', 'the #CAT', true],
    ['@cat', 'hi @cat', true],
    ['new york', 'in New  York now', true],
    ['new york', 'york new', false],
    ['new york', 'new and york', false],
    ['東京', '私は東京に行く', true],
    ['東京', '京東', false],
    ['東京', '#東京', true],
    ['東京タワー', 'この東京タワーは', true],
    ['#東京', '東京', false],
    ['ｃａｔ', 'a cat', true],
    ['서울', '서울 여행', true],
    ['서울', '서울에', false],
    ['👍', 'ok 👍', true],
    ['👍', 'ok 👍🏽', false],
    ['🇩🇪', 'go 🇩🇪!', true],
    ['🏳️‍🌈', 'a 🏳‍🌈 flag', true],
    ["don't", 'I don\u2019t know', true],
    ["don't", 'I dont know', false],
    ["'cat'", "the 'cat'", true],
    ['$TSLA', 'buy $tsla', true],
    ['tsla', 'buy $tsla', false],
    ['cat cat', 'cat Cat', true],
    ['cat dog', 'the #cat #dog', true],
    ['new york', '#newyork', false],
    ['東京 tokyo', '#東京tokyo', false],
    ['cat', "the ''cat''", true],
    ['a b', "a ' b", true],
    ['', 'anything', false],
    ['!!!', 'wow!!!', false],
  ])('%j in %j: %s', (phrase, text, expected) => {
    expect(inBody(phrase, text)).toBe(expected)
    expect(inBody(phrase, text, 'phrase')).toBe(expected)
  })
})

describe('hashtags', () => {
  it.each([
    ['cat', 'the #cat', true],
    ['#cat', 'the #cat', true],
    ['cat', 'the cat', false],
    ['cat', '#cats', false],
    ['#', '#cat', false],
    ['東京', '#東京 へ', true],
    ['東京', '東京', false],
    ['new york', '#newyork', true],
  ])('%j in %j: %s', (phrase, text, expected) => {
    expect(inBody(phrase, text, 'hashtag')).toBe(expected)
  })
})

describe('domains', () => {
  it.each([
    ['example.com', 'https://example.com/a', true],
    ['example.com', 'http://news.example.com', true],
    ['https://www.example.com/path', 'see www.example.com', true],
    ['example.com', 'see example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['example.com', 'https://example.com.evil.org', false],
    ['example.com', 'the example', false],
    ['example.com', 'at example.com.', true],
    ['example.com', 'http://example.com:8080/x', true],
    ['bücher.example', 'https://BÜCHER.example/x', true],
    ['https://', 'https://example.com', false],
    [' Example.com ', 'https://example.com', true],
    ['example.com#top', 'see example.com', true],
  ])('%j in %j: %s', (phrase, text, expected) => {
    const muted = keyword(phrase, { match: 'domain', surfaces: [] })
    expect(occurs(muted, { body: [text] })).toBe(expected)
    expect(occurs(muted, { quoted: [text] })).toBe(expected)
  })
})

describe('surfaces', () => {
  const texts = {
    body: { body: ['cat'] },
    quoted: { quoted: ['cat'] },
    alt_text: { altTexts: ['cat'] },
    author_handle: { handles: ['cat'] },
    link: { body: ['https://pets.example/cat'] },
  } as const
  const surfaces = ['body', 'quoted', 'alt_text', 'author_handle', 'link'] as const

  it.each(surfaces)('looks at %s alone when told so', (surface) => {
    const muted = keyword('cat', { surfaces: [surface] })
    expect(surfaces.filter((other) => occurs(muted, texts[other]))).toEqual([surface])
    const matcher = compileMutedKeywords([muted], searchTexts())
    expect(surfaces.filter((other) => matcher.looksAt(other))).toEqual([surface])
  })

  it('looks everywhere when told nothing', () => {
    expect(surfaces.filter((surface) => occurs(keyword('cat'), texts[surface]))).toEqual(surfaces)
  })

  it('finds a handle with and without its sign', () => {
    expect(occurs(keyword('@Cat'), { handles: ['cat'] })).toBe(true)
    expect(occurs(keyword('ca'), { handles: ['cat'] })).toBe(false)
  })

  it('does not read a phrase across two texts, two links or a handle and its sign', () => {
    const phrase = keyword('cat dog', { match: 'phrase' })
    expect(occurs(phrase, { body: ['my cat', 'dog food'] })).toBe(false)
    expect(occurs(phrase, { body: ['https://a.example/cat https://dog.example'] })).toBe(false)
    expect(occurs(phrase, { handles: ['cat', 'dog'] })).toBe(false)
    expect(occurs(keyword('cat @cat'), { handles: ['cat'] })).toBe(false)
  })

  it('tells keywords apart that begin alike', () => {
    const [food, cat, dog] = [keyword('cat food'), keyword('cat'), keyword('cat dog')]
    const found = (keywords: readonly MutedKeywordRecord[], text: string) =>
      compileMutedKeywords(keywords, searchTexts()).find({ ...NOTHING, body: [text] })?.keyword
    expect(found([food, cat], 'the cat food')).toBe(food)
    expect(found([food, cat], 'the cat')).toBe(cat)
    expect(found([food, dog], 'no cat dog')).toBe(dog)
    expect(found([food, dog], 'no cat')).toBeUndefined()
  })

  it('says which keyword it was', () => {
    const [first, second] = [keyword('dog'), keyword('cat')]
    const hit = compileMutedKeywords([first, second], searchTexts()).find({
      ...NOTHING,
      body: ['my cat'],
    })
    expect(hit).toEqual({ keyword: second, surface: 'body' })
  })
})
