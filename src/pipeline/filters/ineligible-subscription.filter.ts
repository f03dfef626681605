import { filter } from '../home-feed.components.ts'
import { withheld } from './withheld.ts'

/** Removes posts for subscribers of somebody to whom the viewer does not subscribe. */
export function ineligibleSubscriptionFilter() {
  return filter({
    name: 'IneligibleSubscriptionFilter',
    reads: ['subscriptionAuthorId'],
    failurePolicy: 'fail-closed',
    keep:
      ({ viewerId, subscribedIds }) =>
      ({ subscriptionAuthorId }) => {
        if (subscriptionAuthorId === undefined) return withheld('subscription')
        if (subscriptionAuthorId === null || subscriptionAuthorId === viewerId) return true
        if (subscribedIds === undefined) return withheld('subscriptions')
        return subscribedIds.has(subscriptionAuthorId) || 'for subscribers only'
      },
  })
}
