import { LRUCache } from 'lru-cache'
import { normalizeText, tokenize } from './tokenizer.ts'

/** Words in the order of their text. */
export interface SearchWords {
  /** In order. An empty one lies between what must not be read as one phrase. */
  readonly tokens: readonly string[]
  /** `hashOf` each token, as one character: a string's characters lie in the string itself. */
  readonly hashes: string
  /** Host names anywhere in it, with or without a link around them; null = none. */
  readonly hosts: readonly string[] | null
}

/** A text as keywords look at it. */
export interface SearchText extends SearchWords {
  /** Of its links, without their scheme: words inside them count, `https` does not. */
  readonly links: SearchWords | null
}

export interface SearchTextsOptions {
  /** Texts that are kept. */
  readonly textsMax: number
  /** Their characters together. */
  readonly charactersMax: number
}

const SCHEME = /^(?:https?:\/\/)?(?:www\.)?/u
const URLS = /(?:https?:\/\/|www\.)\S+/gu
const HOSTS = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}/gu
const BREAK = ''
/** One more than the largest hash: a table of so many bytes a surface is cheap to make. */
export const HASHES = 2 ** 12

/** FNV-1a, folded. Equal tokens have equal hashes. */
export function hashOf(token: string): number {
  let hash = 0x811c_9dc5
  for (let at = 0; at < token.length; at += 1) {
    hash = Math.imul(hash ^ token.charCodeAt(at), 0x0100_0193)
  }
  return ((hash >>> 16) ^ hash) & (HASHES - 1)
}

/**
 * Texts cut into tokens, each once: kept by the text itself, so that an edited post is another
 * entry and nothing has to be forgotten. Bounded; the least used go first.
 */
export class SearchTexts {
  readonly #texts: LRUCache<string, SearchText>
  readonly #handles: LRUCache<string, SearchText>

  constructor({ textsMax, charactersMax }: SearchTextsOptions) {
    const sizeCalculation = (_value: SearchText, text: string) => text.length + 1
    this.#texts = new LRUCache({ max: textsMax, maxSize: charactersMax, sizeCalculation })
    this.#handles = new LRUCache({ max: textsMax })
  }

  ofText(text: string): SearchText {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const made = toSearchText(text)
    this.#texts.set(text, made)
    return made
  }

  /** Of a handle without its `@`, which matches with and without it. */
  ofHandle(handle: string): SearchText {
    const known = this.#handles.get(handle)
    if (known !== undefined) return known
    const normalized = normalizeText(handle)
    const tokens = [...tokenize(normalized), BREAK, ...tokenize(`@${normalized}`)]
    const made = { ...toWords(tokens, []), links: null }
    this.#handles.set(handle, made)
    return made
  }

  /** Kept at the moment. */
  get size(): number {
    return this.#texts.size + this.#handles.size
  }
}

function toSearchText(text: string): SearchText {
  const normalized = normalizeText(text)
  const urls =
    normalized.includes('://') || normalized.includes('www.') ? normalized.match(URLS) : null
  const links = (urls ?? []).map((url) => url.replace(SCHEME, ''))
  const linkTokens = links.flatMap((link) => [...tokenize(link), BREAK])
  return {
    ...toWords(tokenize(normalized), hostsIn(normalized)),
    links: links.length === 0 ? null : toWords(linkTokens, links.flatMap(hostsIn)),
  }
}

function toWords(tokens: readonly string[], hosts: readonly string[]): SearchWords {
  const hashes = tokens.map((token) => String.fromCharCode(hashOf(token))).join('')
  return { tokens, hashes, hosts: hosts.length === 0 ? null : hosts }
}

function hostsIn(normalized: string): readonly string[] {
  return normalized.includes('.') ? (normalized.match(HOSTS) ?? []) : []
}
