import { hydrator } from '../home-feed.components.ts'

/** Whether the viewer asked for this author. Without a follow list everything is out of network. */
export function inNetworkHydrator() {
  return hydrator({
    name: 'InNetworkHydrator',
    writes: ['inNetwork'],
    async hydrate({ viewerId, followedIds }, candidates) {
      return candidates.map(({ authorId }) => ({
        inNetwork: authorId === viewerId || (followedIds?.has(authorId) ?? false),
      }))
    },
  })
}
