/** What no reader sees: soft hyphen, zero-width space, word joiner, byte order mark, variants. */
const INVISIBLE = /\u00AD|\u200B|\u2060|\uFEFF|\uFE0E|\uFE0F/gu

const URL = String.raw`(?:https?:\/\/|www\.)\S+`
const SCRIPTS = String.raw`\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}`
const IDEOGRAPH = String.raw`(?=[\p{L}\p{N}])[${SCRIPTS}]`
const WORD_CHARACTER = String.raw`[\p{L}\p{N}\p{M}_']`
const TAG = String.raw`[#@$]${WORD_CHARACTER}+`
const WORD = `(?:(?!${IDEOGRAPH})${WORD_CHARACTER})+`
const EMOJI = String.raw`\p{RI}\p{RI}|\p{ExtPict}\p{EMod}?(?:\u200D\p{ExtPict}\p{EMod}?)*`
const TOKEN = new RegExp([URL, TAG, IDEOGRAPH, WORD, EMOJI].join('|'), 'gu')

/** The same for plain ASCII, a tenth of the time: most texts of most networks. */
const ASCII = /^[\0-\x7f]*$/
const ASCII_TOKEN = /(?:https?:\/\/|www\.)\S+|[#@$][\w']+|[\w']+/g

/** NFKC, lower case, straight apostrophes, nothing invisible: how texts and keywords compare. */
export function normalizeText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text.normalize('NFKC').replace(INVISIBLE, '').replaceAll('\u2019', "'").toLowerCase()
}

/**
 * Tokens of a normalized text, in order: words, `#tag`, `@name` and `$tag` with their sign, a URL
 * as one, an emoji as one, and one each character of Chinese and Japanese, which have no spaces.
 * Quotation marks around a word are not part of it. Source: spec/filters.md 2.
 */
export function tokenize(normalized: string): readonly string[] {
  const tokens: string[] = []
  const pattern = ASCII.test(normalized) ? ASCII_TOKEN : TOKEN
  for (const match of normalized.match(pattern) ?? []) {
    const token = match.includes("'") ? match.replace(/^'+|'+$/g, '') : match
    if (token !== '') tokens.push(token)
  }
  return tokens
}

/** Whether a token is one character of a script that is written without spaces. */
export function isIdeograph(token: string): boolean {
  return IDEOGRAPH_TOKEN.test(token)
}

const IDEOGRAPH_TOKEN = new RegExp(`^${IDEOGRAPH}$`, 'u')
