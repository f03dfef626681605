/** Primary tags that name no language: undetermined, several, none. */
const NO_LANGUAGE = new Set(['und', 'mul', 'zxx', 'mis', ''])

/**
 * The language of a BCP 47 tag, lower case: `en` of `en-GB`; null when it names none.
 */
export function languageOf(tag: string | null): string | null {
  const primary = tag?.split(/[-_]/, 1)[0]?.trim().toLowerCase() ?? ''
  return NO_LANGUAGE.has(primary) ? null : primary
}
