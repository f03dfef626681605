import { expect, it } from 'vitest'
import { thunderSource } from '../../../src/pipeline/sources/thunder.source.ts'
import type { RecentPostsRequest, ThunderPost } from '../../../src/thunder/thunder.ts'
import {
  bareQuery,
  filledQuery,
  NOW_MS,
  postId,
  postIds,
  stageContext,
  userId,
  userIds,
  VIEWER,
} from '../home-feed-fixtures.ts'

const thunderPost = (id: number, more: Partial<ThunderPost> = {}): ThunderPost => ({
  postId: postId(id),
  authorId: userId(10),
  createdAtMs: NOW_MS,
  replyToPostId: null,
  repostOfPostId: null,
  repostOfUserId: null,
  conversationId: null,
  ...more,
})

function recordingThunder(posts: readonly ThunderPost[]) {
  const calls: RecentPostsRequest[] = []
  const recentPosts = (request: RecentPostsRequest) => {
    calls.push(request)
    return posts
  }
  return { calls, source: thunderSource({ thunder: { recentPosts }, postsMax: 7, timeoutMs: 300 }) }
}

it('asks for followed authors without what was seen or served in the session', async () => {
  const { calls, source } = recordingThunder([])
  const query = {
    ...filledQuery({ followedIds: userIds(10, 11), seenPostIds: postIds(90) }),
    sessionServedPostIds: postIds(91),
  }
  await source.fetch(query, stageContext().context)
  expect(calls).toEqual([
    {
      viewerId: VIEWER,
      authorIds: ['10', '11'],
      followsVersion: expect.any(String),
      excludedPostIds: postIds(90, 91),
      resultsMax: 7,
    },
  ])
})

it('names the version of the follows by what they are', async () => {
  const { calls, source } = recordingThunder([])
  for (const followedIds of [userIds(10, 11), userIds(10, 11), userIds(10), userIds(1, 11)]) {
    await source.fetch(filledQuery({ followedIds }), stageContext().context)
  }
  const [first, same, fewer, others] = calls.map(({ followsVersion }) => followsVersion)
  expect(same).toBe(first)
  expect(new Set([first, fewer, others]).size).toBe(3)
})

it('brings ancestors: the parent, and the root when it is another post', async () => {
  const replyToPostId = postId(80)
  const { source } = recordingThunder([
    thunderPost(100),
    thunderPost(101, { replyToPostId }),
    thunderPost(102, { replyToPostId, conversationId: postId(80) }),
    thunderPost(103, { replyToPostId, conversationId: postId(70) }),
    thunderPost(104, { conversationId: postId(104) }),
  ])
  const candidates = await source.fetch(filledQuery(), stageContext().context)
  const expected = [[], ['80'], ['80'], ['80', '70'], []]
  expect(candidates.map(({ ancestorIds }) => ancestorIds)).toEqual(expected)
  expect(candidates[0]).toMatchObject({ id: '100', authorId: '10', sources: ['thunder'] })
})

it('rests while the follow list is not known', () => {
  const { source } = recordingThunder([])
  expect(source.enable?.(bareQuery())).toBe(false)
  expect(source.enable?.(filledQuery())).toBe(true)
})

it('says that the graph is stale when events are missing, and answers all the same', async () => {
  const thunder = { recentPosts: () => [thunderPost(100)] }
  const options = { thunder, postsMax: 7, timeoutMs: 300 }
  const stale = stageContext()
  const posts = await thunderSource({ ...options, isStale: () => true }).fetch(
    filledQuery(),
    stale.context,
  )
  expect(posts).toHaveLength(1)
  expect(stale.degradations).toEqual(['STALE_GRAPH event-log'])
  const fresh = stageContext()
  await thunderSource({ ...options, isStale: () => false }).fetch(filledQuery(), fresh.context)
  expect(fresh.degradations).toEqual([])
})
