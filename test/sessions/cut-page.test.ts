import { describe, expect, it } from 'vitest'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { RecheckedFeed } from '../../src/pipeline/home-feed.ts'
import { cutPage } from '../../src/sessions/cut-page.ts'
import type { CutRequest } from '../../src/sessions/cut-page.ts'
import { moduleIdOf } from '../../src/pipeline/blending/feed-item.ts'
import type { FeedModule } from '../../src/pipeline/blending/feed-item.ts'
import type { FeedSession } from '../../src/sessions/feed-session.ts'
import { DEFAULT_SETTINGS } from '../../src/pipeline/params/feed-settings.ts'
import { toSlateEntry } from '../../src/sessions/slate-entry.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import { candidate, post, postId, userId, VIEWER } from '../pipeline/home-feed-fixtures.ts'

const { params } = DEFAULT_SETTINGS
const FIRST = { requestId: 'first', rankedAtMs: 0, weightsVersion: 'w', params }
const ALLOW = { action: 'allow', rule: null, labels: [] } as const

function ranked(id: number): PostCandidate {
  return candidate(post(id, 2), { visibility: ALLOW })
}

function sessionOf(ids: readonly number[], more: Partial<FeedSession> = {}): FeedSession {
  return {
    id: 's',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    startedAtMs: 0,
    settings: DEFAULT_SETTINGS,
    firstPosition: 0,
    servedBefore: new Set(),
    entries: ids.map((id) => toSlateEntry(ranked(id), FIRST)),
    committedPosition: 0,
    lastServedAtMs: 0,
    exhausted: true,
    ranking: {
      requestId: 'first',
      rankedAtMs: 0,
      modelVersion: null,
      weightsVersion: 'w',
      arms: [],
      params,
      degradation: ['RULES_ONLY'],
      degradedDependencies: ['phoenix-ranking'],
    },
    extending: null,
    ...more,
  }
}

interface World {
  readonly hidden?: readonly number[]
  readonly report?: Partial<RecheckedFeed>
  readonly extension?: readonly number[]
  /** Modules that may still be shown, as far as they may. */
  readonly modules?: readonly (readonly [string, FeedModule])[]
}

/** A cut that writes down what it asked for. */
function cutOf(session: FeedSession, request: Partial<CutRequest>, world: World = {}) {
  const asked: string[] = []
  const hidden = (world.hidden ?? []).map(postId)
  const page = cutPage({
    session,
    fromPosition: 0,
    first: 3,
    rankedNow: false,
    alsoSeenPostIds: new Set(),
    recheck(candidates) {
      asked.push(`recheck ${candidates.map(({ id }) => id).join(' ')}`)
      for (const { core, visibility } of candidates)
        expect([core, visibility]).toEqual([undefined, undefined])
      return Promise.resolve({
        candidates: candidates
          .filter(({ id }) => !hidden.includes(id))
          .map((each) => ({ ...each, visibility: ALLOW })),
        degradation: [],
        degradedDependencies: [],
        ...world.report,
      })
    },
    recheckModules(modules) {
      asked.push(`recheck ${modules.map(moduleIdOf).join(' ')}`)
      return Promise.resolve({
        moduleById: new Map(world.modules),
        degradation: [],
        degradedDependencies: [],
      })
    },
    extend() {
      asked.push('extend')
      const ids = world.extension ?? []
      session.entries.push(
        ...ids.map((id) => toSlateEntry(ranked(id), { ...FIRST, requestId: 'second' })),
      )
      session.ranking = { ...session.ranking, requestId: 'second' }
      return Promise.resolve()
    },
    ...request,
  })
  return page.then(({ picked, ...rest }) => ({
    ids: picked.map((each) => (each.kind === 'post' ? Number(each.entry.candidate.id) : each.id)),
    positions: picked.map(({ position }) => position),
    asked,
    ...rest,
  }))
}

describe('cutPage', () => {
  it('asks nothing for what this request ranked', async () => {
    const page = await cutOf(sessionOf([1, 2, 3, 4]), { rankedNow: true })
    expect(page).toMatchObject({ ids: [1, 2, 3], asked: [], nextPosition: 3, hasMore: true })
    expect(page.degradation).toEqual(['RULES_ONLY'])
  })

  it('fills the page from the tail where posts fell out, and keeps positions', async () => {
    const page = await cutOf(sessionOf([1, 2, 3, 4, 5]), {}, { hidden: [1, 3] })
    expect(page).toMatchObject({
      ids: [2, 4, 5],
      positions: [1, 3, 4],
      asked: ['recheck 1 2 3', 'recheck 4 5'],
      hasMore: false,
    })
  })

  it('passes over what is on screen, without asking', async () => {
    const page = await cutOf(sessionOf([1, 2, 3]), {
      first: 1,
      alsoSeenPostIds: new Set([postId(1), postId(2)]),
    })
    expect(page).toMatchObject({ ids: [3], asked: ['recheck 3'] })
  })

  it('ranks on once when the slate ends, and trusts what that brought', async () => {
    const session = sessionOf([1], { exhausted: false })
    const page = await cutOf(session, { first: 5 }, { extension: [2, 3] })
    expect(page).toMatchObject({
      ids: [1, 2, 3],
      asked: ['recheck 1', 'extend'],
      nextPosition: 3,
      hasMore: true,
    })
  })

  it('does not rank on when the sources are exhausted', async () => {
    const page = await cutOf(sessionOf([1]), { fromPosition: 1 })
    expect(page).toMatchObject({ ids: [], asked: [], nextPosition: 1, hasMore: false })
  })

  it('checks modules of an earlier request, and shows what is left under their place', async () => {
    const module = { kind: 'who-to-follow', userIds: [userId(8), userId(9)] } as const
    const session = sessionOf([1, 2])
    session.entries.splice(1, 0, { kind: 'module', module, requestId: 'first' })
    expect(await cutOf(session, { rankedNow: true })).toMatchObject({
      ids: [1, 'who-to-follow:8-9', 2],
      asked: [],
    })
    const left = [['who-to-follow:8-9', { ...module, userIds: [userId(9)] }]] as const
    expect(await cutOf(session, {}, { modules: left })).toMatchObject({
      ids: [1, 'who-to-follow:8-9', 2],
      positions: [0, 1, 2],
      asked: ['recheck 1 2', 'recheck who-to-follow:8-9'],
    })
    expect(await cutOf(session, { first: 2 })).toMatchObject({ ids: [1, 2], positions: [0, 2] })
  })

  it('adds what the check reports', async () => {
    const report = { degradation: ['STALE_GRAPH'], degradedDependencies: ['database'] } as const
    const page = await cutOf(sessionOf([1]), { first: 1 }, { report })
    expect(page.degradation).toEqual(['RULES_ONLY', 'STALE_GRAPH'])
    expect(page.degradedDependencies).toEqual(['database', 'phoenix-ranking'])
  })
})
