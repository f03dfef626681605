import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { PostId, UserId } from '../../../src/ids.ts'
import { unavailableReasonOf } from '../../../src/pipeline/visibility/unavailable-reason-of.ts'
import { searchTexts } from '../home-feed-fixtures.ts'
import { leaks, losses } from './candidate-oracle.ts'
import { Random } from './random.ts'
import { laterWorld, randomWorld } from './random-world.ts'
import { now, settle, stopTime } from './safety-clock.ts'
import {
  createLoaders,
  createSafetyFeed,
  factsOf,
  PARTS,
  REMEMBERED,
  requestOf,
} from './safety-feed.ts'
import type { Fault, SafetyFeed, SafetyState } from './safety-feed.ts'
import { hidingReason, hidingReasonById } from './safety-oracle.ts'
import type { SafetyWorld } from './safety-world.ts'

/** Pairs of viewer and post; a world has about 2,900. */
const PAIRS_MIN = Number(process.env['HOMEFEED_SAFETY_PAIRS'] ?? 100_000)
const FIRST_SEED = Number(process.env['HOMEFEED_SAFETY_SEED'] ?? 1)
const REFUSALS = ['SAFETY_UNAVAILABLE', 'UNAVAILABLE', 'DEADLINE_EXCEEDED']
const signal = new AbortController().signal

/** Each of these must have hidden something, or the worlds prove little. */
const RULES = (
  'deleted|original deleted|repost of a repost|hard label|nullcast or stale|takedown|' +
  'flagged, not recommended|' +
  'author suspended|author deactivated|author gone|author hidden|post hidden|protected|blocked|' +
  'blocked by|muted|reposts muted|age|subscribers only|label, not recommended|' +
  'adult author, not recommended|author label, not recommended|author not amplified|' +
  'shows a blocked account|shows a blocking account|shows a muted account|' +
  'shows an account not recommended|muted word in body|muted word in link|muted word in quoted|' +
  'muted word in author_handle|muted hashtag in body|muted domain in body|muted domain in link|' +
  'muted phrase in body|muted phrase in quoted|muted phrase in alt_text'
).split('|')

vi.setConfig({ testTimeout: 300_000 })
beforeAll(stopTime)
afterAll(() => vi.useRealTimers())

interface Served {
  readonly ids: readonly PostId[]
  readonly degradation: readonly string[]
  /** Null = answered. */
  readonly code: string | null
}

async function rank(state: SafetyState, { homeFeed }: SafetyFeed, viewer: UserId): Promise<Served> {
  const answer = await settle(homeFeed.rank(requestOf(state, viewer), { nowMs: now(), signal }))
  if (answer.status === 'fulfilled') {
    const { candidates, degradation } = answer.value
    return { ids: candidates.map(({ id }) => id), degradation, code: null }
  }
  const { code } = answer.reason as { readonly code?: string }
  return { ids: [], degradation: [], code: code ?? String(answer.reason) }
}

/** Worlds by seed until there are enough pairs. */
function* worlds(pairsMin: number): Iterable<{ seed: number; world: SafetyWorld }> {
  let pairs = 0
  for (let seed = FIRST_SEED; pairs < pairsMin; seed += 1) {
    const world = randomWorld(seed)
    pairs += world.users.size * world.everyPost.length
    yield { seed, world }
  }
}

it(`serves what no rule hides, and nothing else: ${PAIRS_MIN} pairs`, async () => {
  const reasons = new Set<string>()
  let served = 0
  for (const { seed, world } of worlds(PAIRS_MIN)) {
    const state: SafetyState = { world, fault: null }
    const feed = createSafetyFeed(state, now)
    for (const viewer of world.users.keys()) {
      const { ids, degradation, code } = await rank(state, feed, viewer)
      const wrong = [...leaks(world, viewer, ids), ...losses(world, viewer, ids)]
      expect({ seed, wrong, degradation, code }).toEqual({
        seed,
        wrong: [],
        degradation: [],
        code: null,
      })
      for (const { id } of world.everyPost) {
        const reason = hidingReason(world, viewer, id)
        if (reason !== null) reasons.add(reason.replace(/^(original|shown): /, ''))
      }
      served += ids.length
    }
  }
  expect(served).toBeGreaterThan(PAIRS_MIN / 100)
  const seldom = PAIRS_MIN < 100_000 ? [] : RULES.filter((rule) => !reasons.has(rule))
  expect(seldom).toEqual([])
})

it(`makes tombstones where posts are asked for by id: ${PAIRS_MIN} pairs`, async () => {
  for (const { seed, world } of worlds(PAIRS_MIN)) {
    const state: SafetyState = { world, fault: null }
    const loaders = createLoaders(state)
    const texts = searchTexts()
    for (const viewer of world.users.keys()) {
      const facts = await factsOf(state, viewer)
      const posts = await loaders.posts.loadMany(world.everyPost.map(({ id }) => id))
      const reasons = await Promise.all(
        posts.map((post) => {
          if (post instanceof Error) throw post
          return unavailableReasonOf(post, { facts, loaders, searchTexts: texts })
        }),
      )
      const wrong = world.everyPost.flatMap(({ id }, index) => {
        const expected = hidingReasonById(world, viewer, id)
        const reason = reasons[index] ?? null
        return (reason === null) === (expected === null) ? [] : [{ viewer, id, reason, expected }]
      })
      expect({ seed, wrong }).toEqual({ seed, wrong: [] })
    }
  }
})

const FAULTS: readonly Fault[] = PARTS.flatMap((part) => [
  { part, how: 'fails' } as const,
  // Thunder answers in process, at once or not at all.
  ...(part === 'thunder' ? [] : [{ part, how: 'hangs' } as const]),
])

it('serves nothing that a rule hides with any one part dead from the start', async () => {
  for (const { seed, world } of worlds(PAIRS_MIN)) {
    const random = new Random(seed)
    for (const fault of FAULTS) {
      const state: SafetyState = { world, fault }
      const feed = createSafetyFeed(state, now)
      const viewer = random.pickOne([...world.users.keys()] as [UserId, ...UserId[]])
      const { ids, code } = await rank(state, feed, viewer)
      const about = { seed, fault, viewer }
      const isRefusal = code === null || REFUSALS.includes(code)
      const mustRefuse = DECIDES.includes(fault.part)
      const wrong = [
        ...leaks(world, viewer, ids),
        ...(isRefusal ? [] : [`failed with ${code}`]),
        ...(mustRefuse && code !== 'SAFETY_UNAVAILABLE' ? [`did not refuse: ${code}`] : []),
      ]
      expect({ ...about, wrong }).toEqual({ ...about, wrong: [] })
    }
  }
})

/** Without any of these no post can be judged. */
const DECIDES: readonly string[] = ['relations', 'posts', 'users', 'postModeration', 'userLabels']

it('stands on the last known good for ten minutes, on nothing after', async () => {
  for (const { seed, world } of worlds(PAIRS_MIN)) {
    const random = new Random(seed)
    for (const [part, remember] of Object.entries(REMEMBERED)) {
      const fault = { part, how: random.pickOne(['fails', 'hangs']) } as Fault
      const state: SafetyState = { world, fault: null }
      const feed = createSafetyFeed(state, now)
      const viewer = random.pickOne([...world.users.keys()] as [UserId, ...UserId[]])
      await rank(state, feed, viewer)
      const after = laterWorld(world, seed)
      Object.assign(state, { world: after, fault })
      const known = { ...after, ...remember(world) }
      const stale = await rank(state, feed, viewer)
      const about = { seed, fault, viewer }
      const isSilent = stale.ids.length > 0 && !stale.degradation.includes('STALE_GRAPH')
      await vi.advanceTimersByTimeAsync(11 * 60_000)
      const later = await rank(state, feed, viewer)
      const wrong = [
        ...leaks(known, viewer, stale.ids),
        ...(isSilent ? ['did not say that its graph is stale'] : []),
        ...leaks(after, viewer, later.ids),
        ...(part === 'followedIds' ? [] : later.ids.map((id) => `served ${id} on nothing`)),
      ]
      expect({ ...about, wrong }).toEqual({ ...about, wrong: [] })
    }
  }
})
