import type { KeywordSurface, MutedKeywordRecord } from '../../../src/store/records.ts'

export interface OracleTexts {
  readonly body: readonly string[]
  readonly quoted: readonly string[]
  readonly altTexts: readonly string[]
  readonly handles: readonly string[]
}

/**
 * Which muted keyword stands where, in the plain texts of the random worlds: lower-case words with
 * single spaces between them, hashtags, links and bare host names. Source: spec/filters.md 2.
 */
export function findMutedWord(
  keywords: readonly MutedKeywordRecord[],
  texts: OracleTexts,
): string | null {
  for (const keyword of keywords) {
    const surface = surfacesOf(keyword).find((each) => stands(keyword, each, texts))
    if (surface !== undefined) return `${keyword.match} in ${surface}`
  }
  return null
}

function surfacesOf({ surfaces }: MutedKeywordRecord): readonly KeywordSurface[] {
  return surfaces.length === 0 ? ['body', 'quoted', 'alt_text', 'author_handle', 'link'] : surfaces
}

function stands(keyword: MutedKeywordRecord, surface: KeywordSurface, texts: OracleTexts): boolean {
  switch (surface) {
    case 'body':
      return texts.body.some((text) => isIn(keyword, text.split(' ')))
    case 'quoted':
      return texts.quoted.some((text) => isIn(keyword, text.split(' ')))
    case 'alt_text':
      return texts.altTexts.some((text) => isIn(keyword, text.split(' ')))
    case 'author_handle':
      return keyword.match === 'word' && texts.handles.includes(keyword.phrase)
    case 'link':
      return [...texts.body, ...texts.quoted].some((text) =>
        text.split(' ').some((word) => word.startsWith('https://') && isInLink(keyword, word)),
      )
  }
}

function isIn({ match, phrase }: MutedKeywordRecord, words: readonly string[]): boolean {
  if (match === 'domain') return words.some((word) => isHostBelow(hostOf(word), phrase))
  if (match === 'hashtag') return words.includes(`#${phrase}`)
  const wanted = phrase.split(' ')
  return words.some((_, start) =>
    wanted.every((each, offset) => [each, `#${each}`].includes(words[start + offset] ?? '')),
  )
}

function isInLink({ match, phrase }: MutedKeywordRecord, link: string): boolean {
  if (match === 'domain') return isHostBelow(hostOf(link), phrase)
  return match === 'word' && link.replace('https://', '').split(/[./]/).includes(phrase)
}

function hostOf(word: string): string {
  return word.replace('https://', '').split('/')[0] ?? ''
}

function isHostBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}
