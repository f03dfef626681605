import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import type { UserId } from '../../../src/ids.ts'
import type { CandidateCache } from '../../../src/pipeline/cached-pool/candidate-cache.ts'
import { createFeedSettings, DEFAULT_SETTINGS } from '../../../src/pipeline/params/feed-settings.ts'
import { leaks, losses } from './candidate-oracle.ts'
import { Random } from './random.ts'
import { laterWorld, randomWorld } from './random-world.ts'
import { now, settle, stopTime } from './safety-clock.ts'
import { createSafetyFeed, PARTS, REMEMBERED, requestOf } from './safety-feed.ts'
import type { Fault, SafetyState } from './safety-feed.ts'
import type { SafetyWorld } from './safety-world.ts'

const WORLDS = Math.ceil(Number(process.env['HOMEFEED_SAFETY_PAIRS'] ?? 100_000) / 5_000)
const FIRST_SEED = Number(process.env['HOMEFEED_SAFETY_SEED'] ?? 1)
const signal = new AbortController().signal

vi.setConfig({ testTimeout: 300_000 })
beforeAll(stopTime)
afterAll(() => vi.useRealTimers())

const SETTINGS = {
  ...DEFAULT_SETTINGS,
  ...createFeedSettings({ values: new Map([['cachedPool.postsMin', 1]]), switches: new Map() }),
}

/** Gives every post there ever was, as if a ranking had kept it, to a viewer who did nothing. */
function createEveryPostPool(world: SafetyWorld): CandidateCache {
  let viewerState: string | null = null
  const posts = world.everyPost.map(({ id, authorId, createdAtMs }, index) => ({
    id,
    authorId,
    createdAtMs,
    sources: ['phoenix-retrieval' as const],
    ancestorIds: [],
    similarity: 0.5,
    probabilities: new Float32Array(DISCRETE_ACTION_COUNT).fill(((index * 31) % 97) / 1_000),
    dwellSeconds: null,
  }))
  return {
    get: async () => (viewerState === null ? undefined : { posts, viewerState, modelVersion: 'm' }),
    put: async (_key, pool) => void (viewerState = pool.viewerState),
  }
}

/** The later world, in which this viewer has done nothing: only then is a pool still good. */
function withoutActsOf(viewer: UserId, before: SafetyWorld, after: SafetyWorld): SafetyWorld {
  const own = <V>(name: keyof SafetyWorld, none: V) =>
    new Map<UserId, V>(after[name] as ReadonlyMap<UserId, V>).set(
      viewer,
      (before[name] as ReadonlyMap<UserId, V>).get(viewer) ?? none,
    )
  const nobody: ReadonlySet<UserId> = new Set()
  return {
    ...after,
    follows: own('follows', nobody),
    blocks: own('blocks', nobody),
    mutes: own('mutes', nobody),
    mutedReposts: own('mutedReposts', nobody),
    subscriptions: own('subscriptions', nobody),
    keywords: own('keywords', []),
  }
}

async function refresh(seed: number, fault: Fault | null) {
  const world = randomWorld(seed)
  const viewer = new Random(seed).pickOne([...world.users.keys()] as [UserId, ...UserId[]])
  const state: SafetyState = { world, fault: null }
  const feed = createSafetyFeed(state, now, { candidateCache: createEveryPostPool(world) })
  const rank = () =>
    settle(
      feed.homeFeed.rank(requestOf(state, viewer), { nowMs: now(), signal, settings: SETTINGS }),
    )
  await rank()
  await feed.homeFeed.drain()
  const after = withoutActsOf(viewer, world, laterWorld(world, seed))
  Object.assign(state, { world: after, fault })
  const answer = await rank()
  const candidates = answer.status === 'fulfilled' ? answer.value.candidates : []
  return { viewer, before: world, after, candidates, ids: candidates.map(({ id }) => id) }
}

it('judges posts of a kept pool by the facts of now', async () => {
  let fromPool = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 5 * WORLDS; seed += 1) {
    const { viewer, after, candidates, ids } = await refresh(seed, null)
    const wrong = [...leaks(after, viewer, ids), ...losses(after, viewer, ids)]
    expect({ seed, viewer, wrong }).toEqual({ seed, viewer, wrong: [] })
    fromPool += candidates.filter(({ sources }) => sources.includes('cached-posts')).length
  }
  expect(fromPool).toBeGreaterThan(WORLDS)
})

it('shows nothing of it that a rule hides with any one part dead', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
    const random = new Random(seed)
    for (const part of PARTS) {
      const how: Fault['how'] = part === 'thunder' ? 'fails' : random.pickOne(['fails', 'hangs'])
      const { viewer, before, after, ids } = await refresh(seed, { part, how })
      const known = { ...after, ...REMEMBERED[part]?.(before) }
      const about = { seed, part, how, viewer }
      expect({ ...about, wrong: leaks(known, viewer, ids) }).toEqual({ ...about, wrong: [] })
    }
  }
})
