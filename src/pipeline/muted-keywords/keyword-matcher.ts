import type { KeywordSurface, MutedKeywordRecord } from '../../store/records.ts'
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
  /** The first keyword that occurs in the item, and where; null when none does. */
  find(texts: ItemTexts): KeywordHit | null
}

export interface KeywordHit {
  readonly keyword: MutedKeywordRecord
  readonly surface: KeywordSurface
}

interface CompiledKeyword {
  readonly keyword: MutedKeywordRecord
  readonly surfaces: ReadonlySet<KeywordSurface>
  /** For `domain` alone. */
  readonly domain: string | null
  readonly tokens: readonly string[]
  /** Text that every match contains: a cheap test before the text is cut into tokens. */
  readonly probe: string
}

const ALL_SURFACES: readonly KeywordSurface[] = [
  'body',
  'quoted',
  'alt_text',
  'author_handle',
  'link',
]
const SCHEME = /^(?:https?:\/\/)?(?:www\.)?/u
const URLS = /(?:https?:\/\/|www\.)\S+/gu
const HOSTS = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}/gu

/**
 * Compiles a viewer's keywords. A word or phrase matches where its tokens stand side by side; a
 * plain word also matches its hashtag, a hashtag matches itself only; a domain matches links to it
 * and to what is below it. A keyword of no tokens never matches. Surfaces: none given = all.
 */
export function compileMutedKeywords(keywords: readonly MutedKeywordRecord[]): KeywordMatcher {
  const compiled = keywords.map(compile).filter(({ probe }) => probe !== '')
  return {
    looksAt: (surface) => compiled.some(({ surfaces }) => surfaces.has(surface)),
    find(texts) {
      if (compiled.length === 0) return null
      const surfaceTexts = new Map(
        ALL_SURFACES.map((surface) => [surface, textsOf(surface, texts).map(toText)]),
      )
      for (const each of compiled) {
        for (const surface of each.surfaces) {
          const hits = surfaceTexts.get(surface)?.some((text) => occurs(each, text, surface))
          if (hits === true) return { keyword: each.keyword, surface }
        }
      }
      return null
    },
  }
}

function compile(keyword: MutedKeywordRecord): CompiledKeyword {
  const surfaces = new Set(keyword.surfaces.length === 0 ? ALL_SURFACES : keyword.surfaces)
  const phrase = normalizeText(keyword.phrase).trim()
  if (keyword.match === 'domain') {
    const domain = phrase.replace(SCHEME, '').replace(/[/?#:].*$/u, '')
    return { keyword, surfaces, domain, tokens: [], probe: domain }
  }
  const tokens = keyword.match === 'hashtag' ? toHashtag(phrase) : tokenize(phrase)
  const probe = (tokens[0] ?? '').replace(/^[#@$]/u, '')
  return { keyword, surfaces, domain: null, tokens, probe }
}

function toHashtag(phrase: string): readonly string[] {
  const tag = tokenize(phrase.replace(/^#+/u, '')).join('')
  return tag === '' ? [] : [`#${tag}`]
}

interface Text {
  readonly normalized: string
  tokens(): readonly string[]
}

function toText(text: string): Text {
  const normalized = normalizeText(text)
  let tokens: readonly string[] | undefined
  return { normalized, tokens: () => (tokens ??= tokenize(normalized)) }
}

function textsOf(surface: KeywordSurface, texts: ItemTexts): readonly string[] {
  switch (surface) {
    case 'body':
      return texts.body
    case 'quoted':
      return texts.quoted
    case 'alt_text':
      return texts.altTexts
    case 'author_handle':
      return texts.handles.flatMap((handle) => [handle, `@${handle}`])
    case 'link':
      return [...texts.body, ...texts.quoted].flatMap((text) => linksIn(text))
  }
}

/** Links without their scheme, so that words inside them are found and `https` is not. */
function linksIn(text: string): readonly string[] {
  return (normalizeText(text).match(URLS) ?? []).map((url) => url.replace(SCHEME, ''))
}

function occurs(keyword: CompiledKeyword, text: Text, surface: KeywordSurface): boolean {
  if (!text.normalized.includes(keyword.probe)) return false
  if (keyword.domain !== null) return surface !== 'author_handle' && hasHost(text, keyword.domain)
  return containsSequence(text.tokens(), keyword.tokens)
}

function hasHost({ normalized }: Text, domain: string): boolean {
  return (normalized.match(HOSTS) ?? []).some(
    (host) => host === domain || host.endsWith(`.${domain}`),
  )
}

function containsSequence(text: readonly string[], sequence: readonly string[]): boolean {
  // 東京 is two tokens, #東京 is one.
  const asTag = sequence.every(isIdeograph) ? `#${sequence.join('')}` : null
  return text.some(
    (first, start) =>
      first === asTag ||
      (start + sequence.length <= text.length &&
        sequence.every((token, offset) => isToken(text[start + offset], token))),
  )
}

function isToken(text: string | undefined, keyword: string): boolean {
  return text === keyword || text === `#${keyword}`
}
