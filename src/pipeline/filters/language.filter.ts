import { filter } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { languageOf } from '../languages.ts'

/**
 * Removes posts from out of network in a language that the viewer does not read; a post in network
 * was asked for, and one of unknown language may be readable. The viewer's languages are those of
 * the request, else, with the setting, the account's; without any it rests.
 */
export function languageFilter({ usesAccountLanguage }: { readonly usesAccountLanguage: boolean }) {
  const languagesOf = ({
    languages,
    viewerAccount,
  }: Pick<HomeFeedQuery, 'languages' | 'viewerAccount'>): readonly string[] => {
    if (languages.length > 0 || !usesAccountLanguage) return languages
    const language = languageOf(viewerAccount?.language ?? null)
    return language === null ? [] : [language]
  }
  return filter({
    name: 'LanguageFilter',
    reads: ['core', 'inNetwork'],
    params: { usesAccountLanguage },
    enable: (query) => languagesOf(query).length > 0,
    keep: (query) => {
      const read = new Set(languagesOf(query))
      return ({ core, inNetwork }) => {
        const language = languageOf(core?.language ?? null)
        return inNetwork !== false || language === null || read.has(language) || `in ${language}`
      }
    },
  })
}
