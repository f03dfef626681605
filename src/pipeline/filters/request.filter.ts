import { filter } from '../home-feed.components.ts'

/**
 * What the client narrowed the feed by. Stands before repost de-duplication, so that a repost that
 * was not asked for does not take its original with it.
 */
export function requestFilter() {
  return filter({
    name: 'RequestFilter',
    reads: ['core', 'inNetwork', 'mediaKinds', 'videoDurationMs'],
    enable: ({ filter: asked }) =>
      asked.excludeVideos ||
      asked.excludeReplies ||
      asked.excludeReposts ||
      asked.mediaOnly ||
      asked.inNetworkOnly,
    keep:
      ({ filter: asked }) =>
      ({ core, inNetwork, mediaKinds, videoDurationMs }) => {
        if (asked.inNetworkOnly && inNetwork !== true) return 'not in network'
        if (asked.excludeReposts && core?.repostOfPostId != null) return 'a repost'
        if (asked.excludeReplies && core?.replyToPostId != null) return 'a reply'
        if (asked.excludeVideos && videoDurationMs != null) return 'a video'
        if (asked.mediaOnly && (mediaKinds?.length ?? 0) === 0) return 'without media'
        return true
      },
  })
}
