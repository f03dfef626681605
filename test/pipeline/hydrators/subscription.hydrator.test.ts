import { expect, it } from 'vitest'
import { subscriptionHydrator } from '../../../src/pipeline/hydrators/subscription.hydrator.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  post,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'

it('names whose subscribers may read the post or what it reposts', async () => {
  const exclusive = post(80, 8, { subscribersOnly: true })
  const carried = repost(81, 9, exclusive)
  const open = post(82, 10)
  const query = filledQuery({ loaders: loadersOf({ posts: [exclusive, carried, open] }) })
  const list = [exclusive, carried, open, post(99, 7)].map(bareCandidate)
  const { context } = stageContext()
  const patches = await subscriptionHydrator({ timeoutMs: 200 }).hydrate(query, list, context)
  expect(patches).toEqual(
    ['8', '8', null, null].map((subscriptionAuthorId) => ({ subscriptionAuthorId })),
  )
})
