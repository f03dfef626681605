import { expect, it } from 'vitest'
import { ineligibleSubscriptionFilter } from '../../../src/pipeline/filters/ineligible-subscription.filter.ts'
import type { UserId } from '../../../src/ids.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { candidate, filledQuery, post, userId, userIds } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const query = filledQuery({ subscribedIds: userIds(10) })

it.each<[string, HomeFeedQuery, UserId | null | undefined, boolean | string]>([
  ['for anybody', query, null, true],
  ["for the subscriptions' author", query, userId(10), true],
  ["for somebody else's subscribers", query, userId(11), 'for subscribers only'],
  ["reposted from the viewer's own", query, userId(1), true],
  ['not read', query, undefined, 'withheld: subscription not known'],
  [
    'while the subscriptions are not known',
    filledQuery({ subscribedIds: undefined }),
    userId(10),
    'withheld: subscriptions not known',
  ],
])('judges a post %s', (_title, ...[asked, subscriptionAuthorId, expected]) => {
  const each = candidate(post(100, 10), { subscriptionAuthorId })
  expect(judgeOne(ineligibleSubscriptionFilter(), asked, each)).toBe(expected)
})
