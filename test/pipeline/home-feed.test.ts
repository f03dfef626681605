import { describe, expect, it } from 'vitest'
import { createHomeFeed } from '../../src/pipeline/home-feed.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import type { HomeFeedRequest } from '../../src/pipeline/home-feed.query.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { Loaders } from '../../src/store/loaders.ts'
import { createDependencies, POSTS, viewerStore, WORLD } from './contract-world.ts'
import { loadersOf, NOW_MS, postIds, VIEWER } from './home-feed-fixtures.ts'
import type { World } from './home-feed-fixtures.ts'
import { relations } from './store-fixtures.ts'

const BUDGET_MS = 1_000

/** A feed on a clock that runs from `NOW_MS`. */
function createSetting(more: Partial<HomeFeedDependencies> = {}, budgetMs = BUDGET_MS) {
  const startMs = performance.now()
  const now = () => NOW_MS + performance.now() - startMs
  const homeFeed = createHomeFeed(createDependencies({ now, budgetMs, ...more }))
  return {
    homeFeed,
    now,
    rank: (world: World = {}, request: Partial<HomeFeedRequest> = {}) =>
      homeFeed.rank(requestOn(world, request), {
        nowMs: NOW_MS,
        signal: new AbortController().signal,
      }),
  }
}

function requestOn(world: World, more: Partial<HomeFeedRequest> = {}): HomeFeedRequest {
  return {
    requestId: 'request-1',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 50,
    loaders: loadersOf({ ...WORLD, ...world }),
    ...more,
  }
}

const rejects = async () => {
  throw new Error('down')
}
const never = () => new Promise<never>(() => undefined)
const idsOf = (feed: { readonly candidates: readonly { readonly id: string }[] }) =>
  feed.candidates.map(({ id }) => id)

describe('rank', () => {
  it('ranks in and out of network, and remembers why', async () => {
    const dependencies = createDependencies()
    const { homeFeed, rank } = createSetting(dependencies)
    const feed = await rank()
    // 82 replies to 80: one conversation. 86 is spam, 85 comes in by its repost 84, and 81 is its
    // author's second post.
    expect(idsOf(feed)).toEqual(['80', '84', '83', '81'])
    expect(feed).toMatchObject({
      requestId: 'request-1',
      degradation: [],
      degradedDependencies: [],
      modelVersion: 'model-1',
      weightsVersion: 'published-2026-08-12',
      exhausted: true,
    })
    await homeFeed.drain()
    expect(dependencies.requestCache.get('request-1')?.slate).toHaveLength(4)
  })

  it('reads each kind of thing once, posts three times at most', async () => {
    const statements: (keyof Loaders)[] = []
    await createSetting().rank({ statements })
    const others = statements.filter((name) => name !== 'posts').toSorted()
    expect(others).toEqual(['engagementCounts', 'media', 'postModeration', 'userLabels', 'users'])
    expect(statements.length - others.length).toBeLessThanOrEqual(3)
  })

  it('says that there is more when the slate is full', async () => {
    const { rank } = createSetting()
    expect(await rank({}, { slateSize: 2 })).toMatchObject({ exhausted: false })
  })

  it('answers an empty slate when there is nothing, and knows it', async () => {
    const { rank } = createSetting()
    const served = postIds(80, 81, 82, 83, 84, 85, 86)
    const feed = await rank({}, { sessionServedPostIds: served })
    expect(feed).toMatchObject({ candidates: [], exhausted: true })
  })
})

describe('when a part dies', () => {
  it.each([
    ['fails', { rank: rejects }],
    ['hangs', { rank: never }],
  ])('falls back when the ranker %s', async (_title, ranking) => {
    const { rank } = createSetting({ ranking }, 400)
    const feed = await rank()
    expect(idsOf(feed).length).toBeGreaterThan(0)
    expect(feed).toMatchObject({ modelVersion: null, degradedDependencies: ['phoenix-ranking'] })
    expect(feed.degradation).toEqual(['RULES_ONLY'])
    expect(feed.candidates.every(({ scoredBy }) => scoredBy === 'fallback')).toBe(true)
  })

  it('stays in network without retrieval, and does not call that the end', async () => {
    const feed = await createSetting({ retrieval: { retrieve: rejects } }).rank()
    expect(feed.candidates.every(({ inNetwork }) => inNetwork)).toBe(true)
    expect(feed).toMatchObject({
      degradation: ['IN_NETWORK_ONLY'],
      degradedDependencies: ['phoenix-retrieval'],
      exhausted: false,
    })
  })

  it('stays out of network when follows were never known', async () => {
    const { rank } = createSetting({ viewerStore: { ...viewerStore, followedIds: rejects } })
    const feed = await rank()
    expect(feed.candidates.every(({ inNetwork }) => inNetwork === false)).toBe(true)
    expect(feed.degradation).toEqual(['OUT_OF_NETWORK_ONLY'])
  })

  it.each([
    ['history', { actionSequence: rejects }],
    ['impressions', { seen: rejects }],
    ['served posts', { servedHistory: rejects }],
  ])('goes on without %s', async (_title, broken) => {
    const feed = await createSetting({ viewerStore: { ...viewerStore, ...broken } }).rank()
    expect(feed.candidates.length).toBeGreaterThan(0)
    expect(feed.degradation).toEqual(['ENRICHMENT_MISSING'])
  })

  it('ranks anew when pools can neither be read nor kept', async () => {
    const { homeFeed, rank } = createSetting({ candidateCache: { get: rejects, put: rejects } })
    const feed = await rank()
    expect(idsOf(feed)).toEqual(['80', '84', '83', '81'])
    expect(feed).toMatchObject({ degradedDependencies: ['candidate-cache'] })
    await homeFeed.drain()
    expect(homeFeed.pipeline.sideEffectCounts()).toMatchObject({ succeeded: 1, failed: 1 })
  })

  it('does not wait long for a pool', async () => {
    const { rank } = createSetting({ candidateCache: { get: never, put: never } })
    expect(await rank()).toMatchObject({ degradation: ['ENRICHMENT_MISSING'], exhausted: true })
  })

  it('stands on the last known good lists, then on none', async () => {
    const store = { ...viewerStore, relations: async () => relations({ blocked: [12] }) }
    const { rank } = createSetting({ viewerStore: store })
    expect(idsOf(await rank())).not.toContain('83')
    store.relations = rejects
    const feed = await rank()
    expect(idsOf(feed)).not.toContain('83')
    expect(feed.degradation).toEqual(['STALE_GRAPH'])
    const fresh = createSetting({ viewerStore: store })
    await expect(fresh.rank()).rejects.toMatchObject({ code: 'SAFETY_UNAVAILABLE' })
  })

  it.each(['postModeration', 'userLabels', 'posts'] as const)(
    'shows nothing when %s cannot be read',
    async (broken) => {
      const { rank } = createSetting()
      const answer = rank({ broken: [broken] })
      await expect(answer).rejects.toMatchObject({ code: 'SAFETY_UNAVAILABLE', retryable: true })
    },
  )

  it('answers within its budget when the database hangs', async () => {
    const { rank } = createSetting({}, 600)
    const answer = rank({ frozen: ['posts', 'users', 'media', 'postModeration'] })
    await expect(answer).rejects.toMatchObject({ code: 'SAFETY_UNAVAILABLE' })
  })

  it('is unavailable when every source fails', async () => {
    const thunder = {
      recentPosts: () => {
        throw new Error('down')
      },
    }
    const { rank } = createSetting({ thunder, retrieval: { retrieve: rejects } })
    await expect(rank()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('ends with the request', async () => {
    const { homeFeed } = createSetting({ ranking: { rank: never } })
    const controller = new AbortController()
    const answer = homeFeed.rank(requestOn({}), { nowMs: NOW_MS, signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

describe('recheck', () => {
  const recheck = async (world: World, store: Partial<typeof viewerStore> = {}) => {
    const first = createSetting()
    const { candidates } = await first.rank()
    const later = createSetting({ viewerStore: { ...viewerStore, ...store } })
    const signal = new AbortController().signal
    const options = { nowMs: NOW_MS, signal }
    return {
      ranked: candidates,
      kept: later.homeFeed.recheck(requestOn(world), candidates, options),
    }
  }

  it('keeps order and scores, and reads the facts anew', async () => {
    const { ranked, kept } = await recheck({})
    const feed = await kept
    expect(feed.degradation).toEqual([])
    expect(feed.candidates).toEqual(
      ranked.map((each) => ({ ...each, engagementCounts: undefined, isMutualFollow: undefined })),
    )
  })

  it('drops what was deleted, taken down or blocked since', async () => {
    const posts = Object.values(POSTS).filter(({ id }) => id !== '83')
    expect(idsOf(await (await recheck({ posts })).kept)).not.toContain('83')
    const moderation = { '82': { takedownCountries: ['xx'] } }
    expect(idsOf(await (await recheck({ moderation })).kept)).not.toContain('82')
    const blocks = { relations: async () => relations({ blockedBy: [13], subscribed: [13] }) }
    expect(idsOf(await (await recheck({}, blocks)).kept)).not.toContain('84')
  })

  it('shows nothing that it cannot judge', async () => {
    const { kept } = await recheck({}, { relations: rejects })
    await expect(kept).rejects.toMatchObject({ code: 'SAFETY_UNAVAILABLE' })
  })
})
