import type { KeywordSurface, MutedKeywordRecord } from '../../store/records.ts'
import { HASHES, hashOf } from './search-text.ts'
import type { SearchText, SearchTexts, SearchWords } from './search-text.ts'
import { isIdeograph, normalizeText, tokenize } from './tokenizer.ts'

/** What an item shows, by surface. Links are found in the bodies. */
export interface ItemTexts {
  readonly body: readonly string[]
  readonly quoted: readonly string[]
  /** Without `@`. */
  readonly handles: readonly string[]
  readonly altTexts: readonly string[]
}

export interface KeywordMatcher {
  /** Whether any keyword looks at this surface. */
  looksAt(surface: KeywordSurface): boolean
  /** A keyword that occurs in the item, and where; null when none does. */
  find(texts: ItemTexts): KeywordHit | null
}

export interface KeywordHit {
  readonly keyword: MutedKeywordRecord
  readonly surface: KeywordSurface
}

/** What one keyword looks like in a text. */
interface Pattern {
  readonly keyword: MutedKeywordRecord
  readonly tokens: readonly string[]
}

/** The keywords that look at one surface, by the token that a match begins with. */
interface SurfaceIndex {
  readonly byFirstToken: Map<string, Pattern[]>
  /** 1 at the hash of every such token: a glance at it spares nearly all look-ups. */
  readonly isFirst: Uint8Array
  readonly domains: { readonly keyword: MutedKeywordRecord; readonly domain: string }[]
}

const ALL_SURFACES: readonly KeywordSurface[] = [
  'body',
  'quoted',
  'alt_text',
  'author_handle',
  'link',
]
const SCHEME = /^(?:https?:\/\/)?(?:www\.)?/u

/** By the list: a request asks for many posts, and has one list. */
const compiled = new WeakMap<readonly MutedKeywordRecord[], SurfaceIndexes>()

/**
 * Compiles a viewer's keywords, each list once: it must not be changed afterwards. A word or phrase
 * matches where its tokens stand side by side; a plain word also matches its hashtag, a hashtag
 * matches itself only; a domain matches links to it and to what is below it. A keyword of no tokens
 * never matches. Surfaces: none given = all. A text costs a glance a token, however many keywords
 * there are.
 */
export function compileMutedKeywords(
  keywords: readonly MutedKeywordRecord[],
  searchTexts: SearchTexts,
): KeywordMatcher {
  const indexes = indexesOf(keywords)
  return {
    looksAt: (surface) => indexes[surface] !== undefined,
    find: (texts) => findInItem(texts, indexes, searchTexts),
  }
}

type SurfaceIndexes = Partial<Record<KeywordSurface, SurfaceIndex>>

function indexesOf(keywords: readonly MutedKeywordRecord[]): SurfaceIndexes {
  const known = compiled.get(keywords)
  if (known !== undefined) return known
  const indexes: SurfaceIndexes = {}
  for (const keyword of keywords) addKeyword(indexes, keyword)
  compiled.set(keywords, indexes)
  return indexes
}

function addKeyword(indexes: SurfaceIndexes, keyword: MutedKeywordRecord): void {
  const phrase = normalizeText(keyword.phrase).trim()
  const isDomain = keyword.match === 'domain'
  const domain = isDomain ? phrase.replace(SCHEME, '').replace(/[/?#:].*$/u, '') : ''
  const patterns = isDomain ? [] : patternsOf(keyword, phrase)
  if (domain === '' && patterns.length === 0) return
  for (const surface of keyword.surfaces.length === 0 ? ALL_SURFACES : keyword.surfaces) {
    if (isDomain && surface === 'author_handle') continue
    const index = (indexes[surface] ??= createIndex())
    if (isDomain) index.domains.push({ keyword, domain })
    for (const pattern of patterns) addPattern(index, pattern)
  }
}

function createIndex(): SurfaceIndex {
  return { byFirstToken: new Map(), isFirst: new Uint8Array(HASHES), domains: [] }
}

function patternsOf(keyword: MutedKeywordRecord, phrase: string): readonly Pattern[] {
  const tokens = keyword.match === 'hashtag' ? toHashtag(phrase) : tokenize(phrase)
  if (tokens.length === 0) return []
  // 東京 is two tokens, #東京 is one.
  const isTag = tokens.length > 1 && tokens.every(isIdeograph)
  const tag = { keyword, tokens: [`#${tokens.join('')}`] }
  return isTag ? [{ keyword, tokens }, tag] : [{ keyword, tokens }]
}

function toHashtag(phrase: string): readonly string[] {
  const tag = tokenize(phrase.replace(/^#+/u, '')).join('')
  return tag === '' ? [] : [`#${tag}`]
}

function addPattern({ byFirstToken, isFirst }: SurfaceIndex, pattern: Pattern): void {
  const [first = ''] = pattern.tokens
  for (const key of [first, `#${first}`]) {
    isFirst[hashOf(key)] = 1
    const others = byFirstToken.get(key)
    if (others === undefined) byFirstToken.set(key, [pattern])
    else others.push(pattern)
  }
}

/** No closures from here on: this runs for every text of every candidate. */
function findInItem(
  { body, quoted, altTexts, handles }: ItemTexts,
  indexes: SurfaceIndexes,
  searchTexts: SearchTexts,
): KeywordHit | null {
  for (const text of body) {
    const hit = findInText('body', searchTexts.ofText(text), indexes)
    if (hit !== null) return hit
  }
  for (const text of quoted) {
    const hit = findInText('quoted', searchTexts.ofText(text), indexes)
    if (hit !== null) return hit
  }
  if (indexes.alt_text !== undefined) {
    for (const text of altTexts) {
      const keyword = findIn(searchTexts.ofText(text), indexes.alt_text)
      if (keyword !== null) return { keyword, surface: 'alt_text' }
    }
  }
  if (indexes.author_handle !== undefined) {
    for (const handle of handles) {
      const keyword = findIn(searchTexts.ofHandle(handle), indexes.author_handle)
      if (keyword !== null) return { keyword, surface: 'author_handle' }
    }
  }
  return null
}

/** A text and its links, which are a surface of their own. */
function findInText(
  surface: 'body' | 'quoted',
  text: SearchText,
  indexes: SurfaceIndexes,
): KeywordHit | null {
  const index = indexes[surface]
  const keyword = index === undefined ? null : findIn(text, index)
  if (keyword !== null) return { keyword, surface }
  if (text.links === null || indexes.link === undefined) return null
  const linked = findIn(text.links, indexes.link)
  return linked === null ? null : { keyword: linked, surface: 'link' }
}

function findIn(
  { tokens, hashes, hosts }: SearchWords,
  { byFirstToken, isFirst, domains }: SurfaceIndex,
): MutedKeywordRecord | null {
  for (let start = 0; start < hashes.length; start += 1) {
    if (isFirst[hashes.charCodeAt(start)] === 0) continue
    for (const pattern of byFirstToken.get(tokens[start] ?? '') ?? []) {
      if (standsAt(pattern, tokens, start)) return pattern.keyword
    }
  }
  if (hosts === null) return null
  for (const { keyword, domain } of domains) {
    for (const host of hosts) {
      if (host === domain || host.endsWith(`.${domain}`)) return keyword
    }
  }
  return null
}

function standsAt(pattern: Pattern, tokens: readonly string[], start: number): boolean {
  return pattern.tokens.every((token, offset) => {
    const text = tokens[start + offset]
    return text === token || text === `#${token}`
  })
}
