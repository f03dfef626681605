import type { MutedKeywordRecord } from '../../../store/records.ts'
import { actorIdsOf } from '../../home-feed.candidate.ts'
import type { PostCandidate } from '../../home-feed.candidate.ts'
import { compileMutedKeywords } from '../../muted-keywords/keyword-matcher.ts'
import type { SearchTexts } from '../../muted-keywords/search-text.ts'
import type { BrandSafety } from './brand-safety.ts'
import type { Promotion } from './promoted-posts.ts'

/** A post next to an advertisement. */
export interface Neighbour {
  readonly post: Pick<PostCandidate, 'authorId' | 'core' | 'related'>
  readonly safety: BrandSafety
}

/**
 * Whether a promoted post may stand beside each neighbour by its own rules: one that accepts little
 * risk not beside a low-risk post, none beside an account or a word that it excludes. Source:
 * spec/blending.md 3.1, steps a to c.
 */
export function createNeighbourRule(
  { adjacency }: Pick<Promotion, 'adjacency'>,
  searchTexts: SearchTexts,
): (neighbour: Neighbour) => boolean {
  if (adjacency === null) return () => true
  const { risk, excludedUserIds, excludedKeywords } = adjacency
  const isCareful = risk === 'low' || risk === 'ias'
  const excluded = new Set(excludedUserIds)
  const matcher = compileMutedKeywords(excludedKeywords.map(toKeyword), searchTexts)
  return ({ post, safety }) => {
    if (isCareful && safety === 'low-risk') return false
    if (actorIdsOf(post).some((id) => excluded.has(id))) return false
    const { core, related } = post
    const texts = [core, related?.original].flatMap((each) => each?.text ?? [])
    return matcher.find({ body: texts, quoted: [], handles: [], altTexts: [] }) === null
  }
}

function toKeyword(phrase: string): MutedKeywordRecord {
  return { id: phrase, phrase, match: 'phrase', surfaces: ['body'], expiresAtMs: null }
}
