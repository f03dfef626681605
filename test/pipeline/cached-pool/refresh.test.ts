import { describe, expect, it } from 'vitest'
import type { RankQuery } from '../../../src/phoenix/ranking-client.ts'
import { createHomeFeed } from '../../../src/pipeline/home-feed.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedRequest } from '../../../src/pipeline/home-feed.query.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { createDependencies, ranking, viewerStore } from '../contract-world.ts'
import { loadersOf, NOW_MS, post, postIds, user, userId, VIEWER } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'
import { InProcessCandidateCache } from '../../../src/pipeline/cached-pool/in-process-candidate-cache.ts'

const FRIEND = 10
const STRANGERS = 300
const MINUTE_MS = 60_000

/**
 * Viewer 1 follows 10, who wrote 40 posts; each of 300 strangers wrote two that retrieval finds.
 * Posts with larger ids are worth more.
 */
function createWorld() {
  const inNetwork = Array.from({ length: 40 }, (_, index) => post(5_000 + index, FRIEND))
  const others = Array.from({ length: 600 }, (_, index) =>
    post(1_000 + index, 100 + (index % STRANGERS)),
  )
  const clock = { nowMs: NOW_MS }
  const asked: RankQuery[] = []
  const state = {
    posts: [...inNetwork, ...others] as PostRecord[],
    retrievals: 0,
    modelVersion: 'model-1',
    isRankerDown: false,
    store: { ...viewerStore, relations: async () => relations() },
  }
  const candidateCache = new InProcessCandidateCache({ postsMax: 10_000, now: () => clock.nowMs })
  const homeFeed = createHomeFeed(
    createDependencies({
      now: () => clock.nowMs,
      candidateCache,
      viewerStore: state.store,
      thunder: {
        recentPosts: ({ authorIds }) =>
          state.posts
            .filter(({ authorId }) => authorIds.includes(authorId))
            .map((each) => ({ ...each, postId: each.id })),
      },
      retrieval: {
        async retrieve() {
          state.retrievals += 1
          const posts = others.map((each) => ({ ...each, postId: each.id, similarity: 0.5 }))
          return { posts, modelVersion: state.modelVersion }
        },
      },
      ranking: {
        async rank(query, options) {
          if (state.isRankerDown) throw new Error('down')
          asked.push(query)
          const answer = await ranking.rank(query, options)
          // Ids reach 6,000 here: a probability must stay below 1.
          for (let at = 0; at < answer.probabilities.length; at += 1) {
            answer.probabilities[at] = (answer.probabilities[at] ?? 0) / 10
          }
          return { ...answer, modelVersion: state.modelVersion }
        },
      },
    }),
  )
  return { state, clock, asked, homeFeed }
}

type World = ReturnType<typeof createWorld>

async function ask({ state, clock, homeFeed }: World, more: Partial<HomeFeedRequest> = {}) {
  const users = Array.from({ length: 100 + STRANGERS }, (_, index) => user(index + 1))
  const request: HomeFeedRequest = {
    requestId: 'request',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 50,
    loaders: loadersOf({ posts: state.posts, users }),
    ...more,
  }
  const { signal } = new AbortController()
  const feed = await homeFeed.rank(request, { nowMs: clock.nowMs, signal })
  await homeFeed.drain()
  return feed
}

/** What the second ask cost: retrievals, and how many posts each ranking was asked for. */
async function refresh(world: World, more: Partial<HomeFeedRequest> = {}) {
  const { state, asked } = world
  const before = { retrievals: state.retrievals, asked: asked.length }
  const feed = await ask(world, more)
  return {
    feed,
    ids: feed.candidates.map(({ id }) => id),
    retrievals: state.retrievals - before.retrievals,
    ranked: asked.slice(before.asked).map(({ candidates }) => candidates.length),
  }
}

const ALL = 640

describe('a refresh within three minutes', () => {
  it('asks for the new posts alone, and retrieval not at all', async () => {
    const world = createWorld()
    const first = await ask(world)
    expect(world.asked.map(({ candidates }) => candidates.length)).toEqual([ALL])
    world.clock.nowMs += 2 * MINUTE_MS
    world.state.posts.push(post(6_001, FRIEND), post(6_002, FRIEND))
    const again = await refresh(world)
    expect(again).toMatchObject({ retrievals: 0, ranked: [2] })
    const newest = world.asked.at(-1)?.candidates.map(({ postId }) => postId)
    expect(newest?.toSorted()).toEqual(['6001', '6002'])
    expect(again.feed).toMatchObject({ degradation: [], modelVersion: 'model-1', exhausted: false })
    expect(again.ids).toContain('6002')
    // What was there before is scored as it was.
    const scores = new Map(first.candidates.map((each) => [each.id, each.weightedScore]))
    const common = again.feed.candidates.filter(({ id }) => scores.has(id))
    expect(common.length).toBeGreaterThan(30)
    for (const { id, weightedScore } of common) expect(weightedScore).toBe(scores.get(id))
    const sources = again.feed.candidates.find(({ authorId }) => authorId !== '10')?.sources
    expect(sources).toEqual(['phoenix-retrieval', 'cached-posts'])
  })

  it('shows nothing that was served, deleted or hidden since', async () => {
    const world = createWorld()
    const [served, deleted, hidden] = (await ask(world)).candidates.map(({ id }) => id)
    world.clock.nowMs += 1_000
    world.state.store.servedHistory = async () => ({
      postIds: [...postIds(Number(served))],
      authors: [],
      requestTimesMs: [],
    })
    world.state.posts = world.state.posts.filter(({ id }) => id !== deleted)
    const users = Array.from({ length: 100 + STRANGERS }, (_, index) => user(index + 1))
    const moderation = { [String(hidden)]: { labels: ['spam'], takedownCountries: ['xx'] } }
    const loaders = loadersOf({ posts: world.state.posts, users, moderation })
    const again = await refresh(world, { loaders })
    expect(again).toMatchObject({ retrievals: 0, ranked: [] })
    for (const id of [served, deleted, hidden]) expect(again.ids).not.toContain(id)
  })

  const history = viewerStore.actionSequence(VIEWER, 10)
  it.each<[string, (world: World) => void]>([
    [
      'likes a post',
      ({ state }) => {
        state.store.actionSequence = async () => {
          const [first] = await history
          return [first!, { ...first!, actedAtMs: NOW_MS }]
        }
      },
    ],
    [
      'follows somebody',
      ({ state }) => {
        state.store.followedIds = async () => [userId(FRIEND), userId(11), userId(101)]
      },
    ],
    [
      'blocks somebody',
      ({ state }) => {
        state.store.relations = async () => relations({ blocked: [101] })
      },
    ],
    [
      'mutes somebody',
      ({ state }) => {
        state.store.relations = async () => relations({ muted: [101] })
      },
    ],
  ])('asks for everything when the viewer %s in between', async (_title, act) => {
    const world = createWorld()
    await ask(world)
    act(world)
    const again = await refresh(world)
    expect(again.retrievals).toBe(1)
    expect(again.ranked).toHaveLength(1)
    expect(again.ranked[0]).toBeGreaterThan(ALL - 10)
    // That ranking leaves a pool of its own.
    expect(await refresh(world)).toMatchObject({ retrievals: 0, ranked: [] })
  })

  it('lasts three minutes from the ranking, not from the last refresh', async () => {
    const world = createWorld()
    await ask(world)
    world.clock.nowMs += HOME_FEED_PARAMS.cachedPool.ttlMs
    expect(await refresh(world)).toMatchObject({ retrievals: 0, ranked: [] })
    world.clock.nowMs += 1
    expect(await refresh(world)).toMatchObject({ retrievals: 1, ranked: [ALL] })
  })

  it('does not hold for another filter, nor for a slate that is lengthened', async () => {
    const world = createWorld()
    const feed = await ask(world)
    const filter = { ...EMPTY_FILTER, excludeVideos: true }
    expect(await refresh(world, { filter })).toMatchObject({ retrievals: 1, ranked: [ALL] })
    const sessionServedPostIds = new Set(feed.candidates.map(({ id }) => id))
    expect(await refresh(world, { sessionServedPostIds })).toMatchObject({ retrievals: 1 })
    expect(await refresh(world)).toMatchObject({ retrievals: 0, ranked: [] })
  })

  it('ranks all anew when another model answers', async () => {
    const world = createWorld()
    await ask(world)
    world.state.modelVersion = 'model-2'
    world.state.posts.push(post(6_001, FRIEND))
    const again = await refresh(world)
    expect(again).toMatchObject({ retrievals: 0, ranked: [1, ALL] })
    expect(again.feed).toMatchObject({ modelVersion: 'model-2', degradation: [] })
    expect(new Set(again.feed.candidates.map((each) => each.modelVersion)).size).toBe(1)
  })

  it('stands on stored scores when the ranker is down, and says so', async () => {
    const world = createWorld()
    await ask(world)
    world.state.isRankerDown = true
    expect((await refresh(world)).feed.degradation).toEqual([])
    world.state.posts.push(post(6_001, FRIEND))
    const { feed } = await refresh(world)
    expect(feed.degradation).toEqual(['CACHED_SCORES', 'RULES_ONLY'])
    expect(feed.degradedDependencies).toEqual(['phoenix-ranking'])
    expect(feed.candidates.every(({ scoredBy }) => scoredBy === 'phoenix')).toBe(true)
  })
})
