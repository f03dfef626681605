import { filter } from '../home-feed.components.ts'

/**
 * Removes reposts and replies from out of network, and replies whose conversation is not known:
 * only Thunder's replies know it. Whether a post is in network is not known = it may be.
 * Source: spec/filters.md 5.
 */
export function outOfNetworkKindFilter() {
  return filter({
    name: 'OutOfNetworkKindFilter',
    reads: ['core', 'inNetwork'],
    keep:
      () =>
      ({ core, inNetwork, ancestorIds }) => {
        const isRepost = core?.repostOfPostId != null
        const isReply = core?.replyToPostId != null
        if (inNetwork === false && isRepost) return 'repost from out of network'
        if (inNetwork === false && isReply) return 'reply from out of network'
        return !isReply || ancestorIds.length > 0 || 'reply without its conversation'
      },
  })
}
