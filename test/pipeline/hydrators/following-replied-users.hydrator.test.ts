import { expect, it } from 'vitest'
import {
  followingRepliedUsersHydrator,
  limitFaces,
} from '../../../src/pipeline/hydrators/following-replied-users.hydrator.ts'
import type { FollowingRepliedUsersOptions } from '../../../src/pipeline/hydrators/following-replied-users.hydrator.ts'
import { createPostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import {
  filledQuery,
  NOW_MS,
  postId,
  stageContext,
  user,
  userId,
  userIds,
} from '../home-feed-fixtures.ts'

const OPTIONS = { postsMax: 10, usersMin: 1, usersMax: 3, viewerFollowersMin: 0 }
const FOLLOWED = [9, 10, 11, 12, 101]

/** A post, or a reply to `parent`, as a source brings it. */
const brought = (id: number, author: number, parent: number | null = null, byThunder = true) =>
  createPostCandidate({
    id: postId(id),
    authorId: userId(author),
    createdAtMs: NOW_MS,
    sources: [byThunder ? 'thunder' : 'phoenix-retrieval'],
    ancestorIds: parent === null ? [] : [postId(parent)],
    similarity: null,
  })

type Brought = ReturnType<typeof brought>

async function facesOf(
  candidates: readonly Brought[],
  more: Partial<HomeFeedQuery> = {},
  options: Partial<FollowingRepliedUsersOptions> = {},
) {
  const hydrator = followingRepliedUsersHydrator({ ...OPTIONS, ...options })
  const query = filledQuery({ followedIds: userIds(...FOLLOWED), ...more })
  const patches = await hydrator.hydrate(query, candidates, stageContext().context)
  return patches.map((patch) =>
    patch instanceof Error ? patch : patch.followingRepliedUserIds?.map(Number),
  )
}

const post = brought(1, 9)
it.each<[string, readonly Brought[], readonly number[]]>([
  ['nobody', [post], []],
  [
    'each replier once, ids ascending',
    [post, brought(2, 101, 1), brought(3, 11, 1), brought(4, 11, 1)],
    [11, 101],
  ],
  ['not the author', [post, brought(2, 9, 1)], []],
  ['nobody who is not followed', [post, brought(2, 50, 1)], []],
  ['nobody whom only retrieval brought', [post, brought(2, 11, 1, false)], []],
  [
    'three at most',
    [post, ...FOLLOWED.map((author, index) => brought(20 + index, author, 1))],
    [10, 11, 12],
  ],
])('shows %s', async (_title, candidates, expected) => {
  expect((await facesOf(candidates))[0]).toEqual(expected)
})

it('shows none at replies', async () => {
  expect(await facesOf([brought(1, 9, 7), brought(2, 11, 1)])).toEqual([[], []])
})

it('asks for as many as it is told', async () => {
  const list = [post, brought(2, 10, 1)]
  expect((await facesOf(list, {}, { usersMin: 2 }))[0]).toEqual([])
  expect((await facesOf([...list, brought(3, 11, 1)], {}, { usersMin: 2 }))[0]).toEqual([10, 11])
})

it.each(['blockedIds', 'blockedByIds', 'mutedIds'] as const)(
  'shows nobody of %s, and nobody at all while they are not known',
  async (list) => {
    const candidates = [post, brought(2, 10, 1), brought(3, 11, 1)]
    expect((await facesOf(candidates, { [list]: userIds(11) }))[0]).toEqual([10])
    expect((await facesOf(candidates, { [list]: undefined }))[0]).toEqual([])
  },
)

it.each([
  [1_000, { viewerFollowersMin: 1_000 }, true],
  [999, { viewerFollowersMin: 1_000 }, false],
  [0, {}, true],
  [5_000, { postsMax: 0 }, false],
])('a viewer of %i followers under %j: %s', (followersCount, options, expected) => {
  const hydrator = followingRepliedUsersHydrator({ ...OPTIONS, ...options })
  const query = filledQuery({ viewerAccount: user(1, { followersCount }) })
  expect(hydrator.enable?.(query)).toBe(expected)
})

it('rests for an account that is not known', () => {
  const hydrator = followingRepliedUsersHydrator(OPTIONS)
  expect(hydrator.enable?.(filledQuery({ viewerAccount: null }))).toBe(false)
})

it('leaves faces at the first posts of a slate that have any', () => {
  const slate = [[], [1], [2], [], [3]].map((ids) => ({
    followingRepliedUserIds: ids.map((id) => userId(id)) as readonly ReturnType<typeof userId>[],
  }))
  limitFaces(slate, 2)
  expect(slate.map(({ followingRepliedUserIds }) => followingRepliedUserIds.length)).toEqual([
    0, 1, 1, 0, 0,
  ])
})
