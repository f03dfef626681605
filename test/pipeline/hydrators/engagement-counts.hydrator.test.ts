import { expect, it } from 'vitest'
import { engagementCountsHydrator } from '../../../src/pipeline/hydrators/engagement-counts.hydrator.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  post,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'

const original = post(80, 8)
const carried = repost(81, 9, original)
const posts = [original, carried]
const counts = { '80': { likes: 5, replies: 1, reposts: 2, quotes: 0, views: 0 } }
const hydrator = engagementCountsHydrator({ timeoutMs: 150 })
const { context } = stageContext()

it("counts the original's engagements; what is gone has none", async () => {
  const query = filledQuery({ loaders: loadersOf({ posts, counts }) })
  const list = [carried, original, post(99, 7)].map(bareCandidate)
  expect(await hydrator.hydrate(query, list, context)).toEqual([
    { engagementCounts: counts['80'] },
    { engagementCounts: counts['80'] },
    { engagementCounts: null },
  ])
})

it('answers errors when counts cannot be read', async () => {
  const query = filledQuery({ loaders: loadersOf({ posts, broken: ['engagementCounts'] }) })
  const patches = await hydrator.hydrate(query, [bareCandidate(original)], context)
  expect(patches).toEqual([new Error('engagementCounts cannot be read')])
})
