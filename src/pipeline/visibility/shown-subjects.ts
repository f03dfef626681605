import type { PostRecord } from '../../store/records.ts'
import type { AncillaryVerdict, PostCandidate } from '../home-feed.candidate.ts'
import type { VisibilityLevel } from './visibility-rule.ts'

/** One post of an item, as what it is shown, and how strictly it is judged. */
export interface ShownSubject {
  readonly role: 'post' | AncillaryVerdict['role']
  readonly post: PostRecord
  readonly level: VisibilityLevel
}

/**
 * Every post that an item shows: itself, a repost's original (the viewer asked for the repost),
 * and the rest as recommendations. Deleted ones are tombstones and are not listed.
 */
export function shownSubjectsOf({
  core,
  related,
  inNetwork,
}: Pick<PostCandidate, 'core' | 'related' | 'inNetwork'>): readonly ShownSubject[] {
  if (core == null || related === undefined) return []
  const { original, quoted, parent, root } = related
  const level = inNetwork === true ? 'home' : 'recommendations'
  const subjects: ShownSubject[] = [{ role: 'post', post: core, level }]
  if (original !== null) subjects.push({ role: 'original', post: original, level: 'home' })
  for (const [role, post] of [
    ['quoted', quoted],
    ['parent', parent],
    ['root', root],
  ] as const) {
    if (post !== null) subjects.push({ role, post, level: 'recommendations' })
  }
  return subjects
}
