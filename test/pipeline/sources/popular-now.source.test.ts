import { expect, it } from 'vitest'
import type { HomeFeedQuery } from '../../../src/pipeline/home-feed.query.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import { popularNowSource } from '../../../src/pipeline/sources/popular-now.source.ts'
import { viewerStore } from '../contract-world.ts'
import {
  filledQuery,
  NOW_MS,
  postId,
  stageContext,
  userId,
  userIds,
} from '../home-feed-fixtures.ts'

const source = popularNowSource({
  timeoutMs: 300,
  popular: {
    popularPosts: async (nowMs) => [
      { postId: postId(100), authorId: userId(10), createdAtMs: nowMs - 1 },
    ],
  },
})
const history = await viewerStore.actionSequence(userId(1), 10)
const nobody: Partial<HomeFeedQuery> = { actionSequence: [], followedIds: new Set() }

it.each<[string, Partial<HomeFeedQuery>, boolean]>([
  ['nothing is known', nobody, true],
  ['neither could be read', { actionSequence: undefined, followedIds: undefined }, true],
  ['there is a history', { ...nobody, actionSequence: history }, false],
  ['there are follows', { ...nobody, followedIds: userIds(10) }, false],
  ['only in network', { ...nobody, filter: { ...EMPTY_FILTER, inNetworkOnly: true } }, false],
])('asks what is popular where %s', (_title, more, isOn) => {
  expect(source.enable?.(filledQuery(more))).toBe(isOn)
})

it('says where its posts come from', async () => {
  expect(await source.fetch(filledQuery(nobody), stageContext().context)).toMatchObject([
    { id: '100', authorId: '10', createdAtMs: NOW_MS - 1, sources: ['popular-now'] },
  ])
})
