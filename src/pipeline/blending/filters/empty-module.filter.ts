import type { Filter } from '../../framework/component.ts'
import type { HomeFeedQuery } from '../../home-feed.query.ts'
import type { FeedItem } from '../feed-item.ts'

/** Removes a who-to-follow without accounts: none may be suggested, or nobody could judge them. */
export function emptyModuleFilter<Q extends HomeFeedQuery>(): Filter<Q, FeedItem, 'accountIds'> {
  return {
    name: 'EmptyModuleFilter',
    reads: ['accountIds'],
    failurePolicy: 'fail-closed',
    keep:
      () =>
      ({ content, accountIds }) => {
        if (content.kind !== 'who-to-follow') return true
        if (accountIds == null) return 'its accounts could not be judged'
        return accountIds.length > 0 || 'no account of it may be suggested'
      },
  }
}
