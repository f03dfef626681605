import { filter } from '../home-feed.components.ts'

/** Removes the viewer's own posts; what others repost of them stays. */
export function selfPostFilter() {
  return filter({
    name: 'SelfPostFilter',
    keep:
      ({ viewerId }) =>
      ({ authorId }) =>
        authorId !== viewerId,
  })
}
