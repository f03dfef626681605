import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { PostId, UserId } from '../../../src/ids.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import {
  createFeedSettings,
  DEFAULT_SETTINGS,
  type RequestSettings,
} from '../../../src/pipeline/params/feed-settings.ts'
import { CursorCodec } from '../../../src/sessions/cursor-codec.ts'
import { HomeFeedSessions } from '../../../src/sessions/home-feed-sessions.ts'
import type { FeedPage } from '../../../src/sessions/feed-page.ts'
import { ServedWriter } from '../../../src/sessions/served-writer.ts'
import { SessionStore } from '../../../src/sessions/session-store.ts'
import { leaks, mayBeStricter } from './candidate-oracle.ts'
import { Random } from './random.ts'
import { laterWorld, randomWorld } from './random-world.ts'
import { now, settle, stopTime } from './safety-clock.ts'
import { createLoaders, createSafetyFeed, PARTS, REMEMBERED } from './safety-feed.ts'
import type { Fault, SafetyState } from './safety-feed.ts'
import { hidingReason } from './safety-oracle.ts'

const WORLDS = Math.ceil(Number(process.env['HOMEFEED_SAFETY_PAIRS'] ?? 100_000) / 5_000)
const FIRST_SEED = Number(process.env['HOMEFEED_SAFETY_SEED'] ?? 1)
const FIRST = 6
const signal = new AbortController().signal

vi.setConfig({ testTimeout: 300_000 })
beforeAll(stopTime)
afterAll(() => vi.useRealTimers())

const SETTINGS: RequestSettings = {
  ...DEFAULT_SETTINGS,
  ...createFeedSettings({ values: new Map([['request.slateSize', 50]]), switches: new Map() }),
}

/** Sessions over a world, and every post that was ranked for them. */
function createSessions(state: SafetyState) {
  const { homeFeed } = createSafetyFeed(state, now)
  const ranked = new Set<PostId>()
  const sessions = new HomeFeedSessions({
    homeFeed: {
      ...homeFeed,
      async open(request, options) {
        const feed = await homeFeed.open(request, options)
        for (const { id } of feed.candidates) ranked.add(id)
        return feed
      },
      async rank(request, options) {
        const feed = await homeFeed.rank(request, options)
        for (const { id } of feed.candidates) ranked.add(id)
        return feed
      },
    },
    viewerStore: { servedPostIds: async () => [] },
    servedWriter: new ServedWriter({
      viewerStore: { recordServed: () => Promise.resolve() },
      waitMs: 1_000,
      onFailure: () => expect.unreachable(),
    }),
    store: new SessionStore({ sessionsMax: 10, entriesMax: 10_000, idleMs: 60_000, now }),
    codec: new CursorCodec(['key']),
    resolveSettings: () => SETTINGS,
    onExposure: () => undefined,
    createRequestId: () => `request ${ranked.size}`,
    now,
  })
  const pageOf = (viewerId: UserId, after: string | null): Promise<FeedPage> =>
    sessions.page(
      {
        viewerId,
        filter: EMPTY_FILTER,
        first: FIRST,
        after,
        countryCode: state.world.countries.get(viewerId) ?? null,
        languages: [],
        alsoSeenPostIds: new Set(),
        isBackground: false,
        loaders: createLoaders(state),
      },
      { nowMs: now(), signal },
    )
  return { pageOf, ranked }
}

const idsOf = (page: FeedPage): readonly PostId[] =>
  page.entries.flatMap((each) => (each.kind === 'post' ? [each.entry.candidate.id] : []))

async function firstPage(state: SafetyState, viewer: UserId) {
  const { pageOf, ranked } = createSessions(state)
  const answer = await settle(pageOf(viewer, null))
  return { pageOf, ranked, page: answer.status === 'fulfilled' ? answer.value : null }
}

it('passes over what was hidden since the first page, and over nothing else', async () => {
  let pages = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
    const world = randomWorld(seed)
    const after = laterWorld(world, seed)
    for (const viewer of new Random(seed).some([...world.users.keys()], 0.25)) {
      const state: SafetyState = { world, fault: null }
      const { pageOf, ranked, page } = await firstPage(state, viewer)
      if (page === null || page.entries.length === 0) continue
      const served = [...idsOf(page)]
      expect(leaks(world, viewer, served)).toEqual([])
      state.world = after
      for (let last = page; last.hasNextPage && last.entries.length > 0; pages += 1) {
        const answer = await settle(pageOf(viewer, last.endCursor))
        if (answer.status === 'rejected') throw answer.reason
        last = answer.value
        expect({ seed, wrong: leaks(after, viewer, idsOf(last)) }).toEqual({ seed, wrong: [] })
        served.push(...idsOf(last))
      }
      const lost = [...ranked].filter((id) => {
        const post = after.posts.get(id)
        if (served.includes(id) || post === undefined) return false
        return hidingReason(after, viewer, id) === null && !mayBeStricter(after, viewer, post)
      })
      expect({ seed, viewer, lost }).toEqual({ seed, viewer, lost: [] })
      expect(new Set(served).size).toBe(served.length)
    }
  }
  expect(pages).toBeGreaterThan(WORLDS)
})

it('shows nothing that a rule hides on a later page with any one part dead', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
    const world = randomWorld(seed)
    const after = laterWorld(world, seed)
    const random = new Random(seed)
    for (const part of PARTS) {
      const viewer = random.pickOne([...world.users.keys()] as [UserId, ...UserId[]])
      const state: SafetyState = { world, fault: null }
      const { pageOf, page } = await firstPage(state, viewer)
      if (page === null || !page.hasNextPage) continue
      const how: Fault['how'] = part === 'thunder' ? 'fails' : random.pickOne(['fails', 'hangs'])
      Object.assign(state, { world: after, fault: { part, how } })
      const answer = await settle(pageOf(viewer, page.endCursor))
      const known = { ...after, ...REMEMBERED[part]?.(world) }
      const ids = answer.status === 'fulfilled' ? idsOf(answer.value) : []
      const about = { seed, part, how, viewer }
      expect({ ...about, wrong: leaks(known, viewer, ids) }).toEqual({ ...about, wrong: [] })
    }
  }
})
