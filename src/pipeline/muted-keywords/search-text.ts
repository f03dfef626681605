import { LRUCache } from 'lru-cache'
import { normalizeText, tokenize } from './tokenizer.ts'

/** A text as keywords look at it. */
export interface SearchText {
  /** In order. An empty one lies between what must not be read as one phrase. */
  readonly tokens: readonly string[]
  /** Host names anywhere in it, with or without a link around them. */
  readonly hosts: readonly string[]
  /** Of its links, without their scheme: words inside them count, `https` does not. */
  readonly links: Links | null
}

export type Links = Pick<SearchText, 'tokens' | 'hosts'>

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
    const made = { tokens, hosts: [], links: null }
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
  return {
    tokens: tokenize(normalized),
    hosts: hostsIn(normalized),
    links:
      links.length === 0
        ? null
        : {
            tokens: links.flatMap((link) => [...tokenize(link), BREAK]),
            hosts: links.flatMap(hostsIn),
          },
  }
}

function hostsIn(normalized: string): readonly string[] {
  return normalized.includes('.') ? (normalized.match(HOSTS) ?? []) : []
}
