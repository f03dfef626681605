import { expect, it } from 'vitest'
import { inNetworkHydrator } from '../../../src/pipeline/hydrators/in-network.hydrator.ts'
import { candidate, filledQuery, post, stageContext, userIds } from '../home-feed-fixtures.ts'

const list = [post(100, 1), post(101, 10), post(102, 11)].map((each) => candidate(each))
const { context } = stageContext()

it.each([
  [userIds(10), [true, true, false]],
  [undefined, [true, false, false]],
])('is true for the viewer and whom they follow', async (followedIds, expected) => {
  const patches = await inNetworkHydrator().hydrate(filledQuery({ followedIds }), list, context)
  expect(patches).toEqual(expected.map((inNetwork) => ({ inNetwork })))
})
