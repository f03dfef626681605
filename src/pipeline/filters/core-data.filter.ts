import { filter } from '../home-feed.components.ts'
import { withheld } from './withheld.ts'

/**
 * Keeps posts that exist and have something to show: text, media or a quoted post. A repost whose
 * original is gone goes too, and one of a repost: whose words it shows nobody would have judged.
 * Media that could not be loaded get the benefit of the doubt.
 */
export function coreDataFilter() {
  return filter({
    name: 'CoreDataFilter',
    reads: ['core', 'related', 'mediaKinds'],
    failurePolicy: 'fail-closed',
    keep: () => (candidate) => {
      const { core, related, mediaKinds } = candidate
      if (core === undefined || related === undefined) return withheld('core data')
      if (core === null) return 'deleted or unknown'
      if (core.repostOfPostId !== null && related.original === null) return 'original deleted'
      if (related.original?.repostOfPostId != null) return 'a repost of a repost'
      const subject = related.original ?? core
      const hasMedia = mediaKinds === undefined || mediaKinds.length > 0
      if (subject.text.trim() !== '' || hasMedia || subject.quotedPostId !== null) return true
      return 'empty'
    },
  })
}
