import { expect, it } from 'vitest'
import { hashOf, SearchTexts } from '../../../src/pipeline/muted-keywords/search-text.ts'

it('cuts each text once, and another text anew', () => {
  const texts = new SearchTexts({ textsMax: 10, charactersMax: 1_000 })
  const first = texts.ofText('A cat')
  expect(texts.ofText(['A', 'cat'].join(' '))).toBe(first)
  expect(texts.ofText('A cat, edited').tokens).toEqual(['a', 'cat', 'edited'])
  expect(texts.ofHandle('A cat')).not.toBe(first)
  expect(texts.size).toBe(3)
})

it('finds hosts, and words of links without their scheme', () => {
  const texts = new SearchTexts({ textsMax: 10, charactersMax: 1_000 })
  const { tokens, hosts, links } = texts.ofText('See https://www.News.example/a-b or pets.example')
  expect(tokens).toEqual(['see', 'https://www.news.example/a-b', 'or', 'pets', 'example'])
  expect(hosts).toEqual(['www.news.example', 'pets.example'])
  const words = ['news', 'example', 'a', 'b', '']
  expect(links).toEqual({
    tokens: words,
    hashes: String.fromCharCode(...words.map(hashOf)),
    hosts: ['news.example'],
  })
  expect(texts.ofText('nothing').links).toBeNull()
})

it('keeps a handle with and without its sign, and no phrase across the two', () => {
  const texts = new SearchTexts({ textsMax: 10, charactersMax: 1_000 })
  expect(texts.ofHandle('Ada').tokens).toEqual(['ada', '', '@ada'])
})

it.each([
  [{ textsMax: 3, charactersMax: 1_000_000 }, 3],
  [{ textsMax: 1_000, charactersMax: 50 }, 4],
])('stays within %j', (bounds, kept) => {
  const texts = new SearchTexts(bounds)
  for (let index = 100; index < 200; index += 1) texts.ofText(`number ${index}`)
  expect(texts.size).toBe(kept)
  expect(
    texts.ofText('a text longer than fifty characters is cut and never kept, 123').tokens[0],
  ).toBe('a')
})
