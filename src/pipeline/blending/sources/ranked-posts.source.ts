import { createFeedItem } from '../feed-item.ts'
import { source } from '../for-you.components.ts'

/**
 * The posts of the inner pipeline in slate order. It has its own budget and its own fallbacks, so
 * there is no limit here: it is waited for as long as it takes.
 */
export function rankedPostsSource() {
  return source({
    name: 'RankedPostsSource',
    async fetch({ ranking }) {
      const { candidates } = await ranking
      return candidates.map((post) => createFeedItem({ kind: 'post', post }))
    },
  })
}
