import { filter } from '../home-feed.components.ts'
import { withheld } from './withheld.ts'

/**
 * Removes items that show a post of others which may not be shown: a repost's original, the quoted
 * post, parent or root. Warnings remove nothing, deleted ones are tombstones and have no verdict.
 */
export function ancillaryVisibilityFilter() {
  return filter({
    name: 'AncillaryVisibilityFilter',
    reads: ['ancillaryVisibility'],
    failurePolicy: 'fail-closed',
    keep:
      () =>
      ({ ancillaryVisibility }) => {
        if (ancillaryVisibility === undefined) return withheld('visibility of what it shows')
        const dropped = ancillaryVisibility.find(({ action }) => action === 'drop')
        return dropped === undefined || `${dropped.role}:${dropped.rule}`
      },
  })
}
