import { expect, it } from 'vitest'
import type { UserId } from '../../../src/ids.ts'
import { mutualFollowHydrator } from '../../../src/pipeline/hydrators/mutual-follow.hydrator.ts'
import { bareCandidate, filledQuery, post, stageContext, userIds } from '../home-feed-fixtures.ts'

const { context } = stageContext()

function asking(followers: readonly number[]) {
  const asked: UserId[][] = []
  const hydrator = mutualFollowHydrator({
    timeoutMs: 300,
    viewerStore: {
      async followersAmong(_viewerId, ids) {
        asked.push([...ids])
        return new Set(ids.filter((id) => userIds(...followers).has(id)))
      },
    },
  })
  return { hydrator, asked }
}

it('asks once, about followed authors only', async () => {
  const { hydrator, asked } = asking([10, 12])
  const query = filledQuery({ followedIds: userIds(10, 11) })
  const list = [post(1, 10), post(2, 11), post(3, 12), post(4, 10)].map(bareCandidate)
  expect(await hydrator.hydrate(query, list, context)).toEqual(
    [true, false, false, true].map((isMutualFollow) => ({ isMutualFollow })),
  )
  expect(asked).toEqual([['10', '11']])
})

it('asks nobody about strangers', async () => {
  const { hydrator, asked } = asking([10])
  const list = [bareCandidate(post(1, 10))]
  expect(await hydrator.hydrate(filledQuery({ followedIds: undefined }), list, context)).toEqual([
    { isMutualFollow: false },
  ])
  expect(asked).toEqual([])
})
