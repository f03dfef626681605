import type { PostCandidate } from '../home-feed.candidate.ts'
import { filter } from '../home-feed.components.ts'
import type { ItemTexts, KeywordMatcher } from '../muted-keywords/keyword-matcher.ts'
import { compileMutedKeywords } from '../muted-keywords/keyword-matcher.ts'
import type { SearchTexts } from '../muted-keywords/search-text.ts'
import { withheld } from './withheld.ts'

type Shown = Pick<PostCandidate, 'core' | 'related' | 'actorHandles' | 'altTexts'>

/**
 * Removes posts that show a muted keyword: in their own or the quoted text, in alternative texts,
 * in the handle of anyone shown, in links. A text that a keyword would look at and that could not
 * be loaded withholds the post.
 */
export function mutedKeywordFilter({ searchTexts }: { readonly searchTexts: SearchTexts }) {
  return filter({
    name: 'MutedKeywordFilter',
    reads: ['core', 'related', 'actorHandles', 'altTexts'],
    failurePolicy: 'fail-closed',
    enable: ({ mutedKeywords }) => mutedKeywords === undefined || mutedKeywords.length > 0,
    keep({ mutedKeywords }) {
      if (mutedKeywords === undefined) return () => withheld('muted keywords')
      const matcher = compileMutedKeywords(mutedKeywords, searchTexts)
      return (candidate) => {
        const texts = textsOf(candidate, matcher)
        if (typeof texts === 'string') return withheld(texts)
        const hit = matcher.find(texts)
        return hit === null || `muted ${hit.keyword.match} in ${hit.surface}`
      }
    },
  })
}

const NO_TEXTS: readonly string[] = []

/** Or the name of what is missing. */
function textsOf(shown: Shown, matcher: KeywordMatcher): ItemTexts | string {
  const { core, related, actorHandles, altTexts } = shown
  if (core == null || related === undefined) return 'text'
  if (actorHandles === undefined && matcher.looksAt('author_handle')) return 'author handles'
  if (altTexts === undefined && matcher.looksAt('alt_text')) return 'alternative texts'
  return {
    body: related.original === null ? [core.text] : [core.text, related.original.text],
    quoted: related.quoted === null ? NO_TEXTS : [related.quoted.text],
    handles: actorHandles ?? NO_TEXTS,
    altTexts: altTexts ?? NO_TEXTS,
  }
}
