import { describe, expect, it } from 'vitest'
import { trustUserId } from '../../src/ids.ts'
import { moduleIdOf } from '../../src/pipeline/blending/feed-item.ts'
import type { FeedModule } from '../../src/pipeline/blending/feed-item.ts'
import type { SlateItem } from '../../src/pipeline/blending/for-you-feed.ts'
import type { RankedFeed, RankOptions } from '../../src/pipeline/home-feed.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedRequest } from '../../src/pipeline/home-feed.query.ts'
import { createFeedSettings } from '../../src/pipeline/params/feed-settings.ts'
import type { RequestSettings } from '../../src/pipeline/params/feed-settings.ts'
import { spellOverrides } from '../../src/pipeline/params/param-overrides.ts'
import type { ParamOverrides } from '../../src/pipeline/params/param-overrides.ts'
import { CursorCodec } from '../../src/sessions/cursor-codec.ts'
import { HomeFeedSessions } from '../../src/sessions/home-feed-sessions.ts'
import type { PageRequest } from '../../src/sessions/feed-page.ts'
import type { Exposure } from '../../src/sessions/session-settings.ts'
import { ServedWriter } from '../../src/sessions/served-writer.ts'
import { SessionStore } from '../../src/sessions/session-store.ts'
import type { ServedRecord } from '../../src/store/viewer-store.ts'
import { PROMPT as WELCOME } from '../pipeline/contract-world.ts'
import { candidate, loadersOf, NOW_MS, post, VIEWER } from '../pipeline/home-feed-fixtures.ts'

const PROMPT: FeedModule = { kind: 'prompt', prompt: WELCOME }
const SUGGESTION: FeedModule = { kind: 'who-to-follow', userIds: ['7', '8'].map(trustUserId) }
const ALLOW = { action: 'allow', rule: null, labels: [] } as const
const SLATE_OF_50: ParamOverrides = {
  values: new Map([['request.slateSize', 50]]),
  switches: new Map(),
}
const OPTIONS = { nowMs: NOW_MS, signal: new AbortController().signal, deadlineMs: NOW_MS + 1000 }

interface World {
  readonly exhausts?: boolean
  readonly arms?: readonly string[]
  /** Modules of the first slate, by their places. */
  readonly modules?: Readonly<Record<number, FeedModule>>
  /** As they may still be shown later; default all, as they were. */
  readonly left?: Readonly<Record<string, FeedModule>>
}

/** Sessions over a ranker that has `supply` posts, in order, `slateSize` at a time. */
function createSessions(
  supply: number,
  { exhausts = true, arms = [], modules = {}, left }: World = {},
) {
  const rankings: number[] = []
  const served: ServedRecord[] = []
  const exposures: Exposure[] = []
  const settings: (RequestSettings | undefined)[] = []
  const now = () => NOW_MS
  const store = new SessionStore({ sessionsMax: 10, entriesMax: 1000, idleMs: 1000, now })
  const pipelineResult = undefined as unknown as RankedFeed['pipelineResult']
  const rank = (request: HomeFeedRequest, options: RankOptions): Promise<RankedFeed> => {
    settings.push(options.settings)
    const all = Array.from({ length: supply }, (_, index) => index + 1)
    const unserved = all.filter(
      (id) => ![...request.sessionServedPostIds].some((each) => Number(each) === id),
    )
    const ids = unserved.slice(0, request.slateSize)
    rankings.push(ids.length)
    return Promise.resolve({
      requestId: request.requestId,
      candidates: ids.map((id) => candidate(post(id, 2), { visibility: ALLOW })),
      degradation: [],
      degradedDependencies: [],
      modelVersion: 'm',
      weightsVersion: 'w',
      exhausted: exhausts && unserved.length === ids.length,
      pipelineResult,
    })
  }
  const sessions = new HomeFeedSessions({
    homeFeed: {
      rank,
      async open(request, options) {
        const ranked = await rank(request, options)
        const items: SlateItem[] = ranked.candidates.map((each) => ({ kind: 'post', post: each }))
        const { firstPosition = 0 } = options.place ?? {}
        for (const [place, module] of Object.entries(modules)) {
          const index = Number(place) - firstPosition
          if (index >= 0) items.splice(index, 0, module)
        }
        return { ...ranked, items }
      },
      recheck: (_request, candidates) =>
        Promise.resolve({
          candidates: candidates.map((each) => ({ ...each, visibility: ALLOW })),
          degradation: [],
          degradedDependencies: [],
        }),
      recheckModules: (_request, asked) =>
        Promise.resolve({
          moduleById: new Map(
            Object.entries(
              left ?? Object.fromEntries(asked.map((each) => [moduleIdOf(each), each])),
            ),
          ),
          degradation: [],
          degradedDependencies: [],
        }),
    },
    viewerStore: { servedPostIds: () => Promise.resolve([]) },
    servedWriter: new ServedWriter({
      viewerStore: { recordServed: (record) => Promise.resolve(void served.push(record)) },
      waitMs: 1000,
      onFailure: () => expect.unreachable(),
    }),
    store,
    codec: new CursorCodec(['key']),
    resolveSettings: (_viewerId, overrides) => ({
      ...createFeedSettings(SLATE_OF_50, overrides),
      arms,
      overrides: spellOverrides(overrides),
    }),
    onExposure: (exposure) => exposures.push(exposure),
    createRequestId: () => `request ${rankings.length}`,
    now: () => NOW_MS,
  })
  return { sessions, rankings, served, exposures, settings, store }
}

/** Ids of posts and modules of all pages, by position. */
async function walk({ sessions }: ReturnType<typeof createSessions>, first: number) {
  const shown: string[] = []
  const cursors = new Set<string>()
  let after: string | null = null
  for (let hasNextPage = true; hasNextPage;) {
    const page = await sessions.page(ask(first, after), OPTIONS)
    for (const each of page.entries) {
      shown[each.position] = each.kind === 'post' ? each.entry.candidate.id : each.id
      expect(cursors).not.toContain(each.cursor)
      cursors.add(each.cursor)
    }
    after = page.endCursor
    hasNextPage = page.hasNextPage
  }
  return shown
}

function ask(first: number, after: string | null): PageRequest {
  return {
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    first,
    after,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    isBackground: false,
    loaders: loadersOf({}),
  }
}

describe('HomeFeedSessions', () => {
  it('ranks again with everything served excluded when the slate ends', async () => {
    const { sessions, rankings } = createSessions(120)
    const positions: number[] = []
    let after: string | null = null
    for (let hasNextPage = true; hasNextPage;) {
      const page = await sessions.page(ask(17, after), OPTIONS)
      positions.push(...page.entries.map(({ position }) => position))
      after = page.endCursor
      hasNextPage = page.hasNextPage
    }
    expect(positions).toEqual([...Array(120).keys()])
    expect(rankings).toEqual([50, 50, 20])
  })

  it('moves the cursor of an empty page with more to come', async () => {
    const { sessions } = createSessions(3, { exhausts: false })
    const cursors = new Set<string>()
    let after: string | null = null
    for (let turn = 0; turn < 4; turn += 1) {
      const page = await sessions.page(ask(5, after), OPTIONS)
      expect(page.entries.length).toBe(turn === 0 ? 3 : 0)
      expect(page.hasNextPage).toBe(true)
      expect(page.startCursor === null).toBe(turn > 0)
      cursors.add(page.endCursor)
      after = page.endCursor
    }
    expect(cursors.size).toBe(4)
  })

  it.each([1, 2, 3, 5, 100])('shows a module once, at its place, in pages of %i', async (first) => {
    const world = createSessions(60, { modules: { 0: PROMPT, 5: SUGGESTION } })
    const shown = await walk(world, first)
    expect(shown.slice(0, 8)).toEqual([
      'prompt:welcome',
      '1',
      '2',
      '3',
      '4',
      'who-to-follow:7-8',
      '5',
      '6',
    ])
    expect(shown).toHaveLength(62)
    expect(new Set(shown).size).toBe(62)
    expect(world.served.flatMap(({ posts }) => posts)).toHaveLength(60)
    expect(world.served.flatMap(({ modules = [] }) => modules)).toEqual([
      { module: 'prompt:welcome', userIds: [] },
      { module: 'who-to-follow', userIds: ['7', '8'] },
    ])
  })

  it('shows what is left of a module under its first id, or passes over it', async () => {
    const modules = { 2: SUGGESTION, 4: PROMPT }
    const left = { 'who-to-follow:7-8': { ...SUGGESTION, userIds: [trustUserId('8')] } }
    const world = createSessions(10, { modules, left })
    const first = await world.sessions.page(ask(1, null), OPTIONS)
    const second = await world.sessions.page(ask(4, first.endCursor), OPTIONS)
    expect(second.entries.map(({ position }) => position)).toEqual([1, 2, 3, 5])
    expect(second.entries[1]).toMatchObject({
      kind: 'module',
      id: 'who-to-follow:7-8',
      module: { userIds: ['8'] },
    })
    expect(world.served.flatMap((record) => record.modules ?? [])).toEqual([
      { module: 'who-to-follow', userIds: ['8'] },
    ])
  })

  it('has its modules at their places where a lost session goes on', async () => {
    const modules = { 0: PROMPT, 5: SUGGESTION }
    const { endCursor } = await createSessions(10, { modules }).sessions.page(ask(2, null), OPTIONS)
    const rebuilt = createSessions(10, { modules })
    const page = await rebuilt.sessions.page(ask(100, endCursor), OPTIONS)
    expect(page.continuity).toBe('REBUILT_AFTER_EXPIRY')
    expect(
      page.entries.flatMap(({ kind, position }) => (kind === 'module' ? [position] : [])),
    ).toEqual([5])
    expect(rebuilt.served.flatMap((record) => record.modules ?? [])).toEqual([
      { module: 'who-to-follow', userIds: ['7', '8'] },
    ])
  })

  it('ends an exhausted feed with an empty page that keeps a cursor', async () => {
    const { sessions } = createSessions(5)
    const page = await sessions.page(ask(5, null), OPTIONS)
    expect(page.hasNextPage).toBe(false)
    const beyond = await sessions.page(ask(5, page.endCursor), OPTIONS)
    expect(beyond).toMatchObject({ entries: [], hasNextPage: false, continuity: 'CONTINUED' })
  })
})

describe('settings of a session', () => {
  const factor = (value: number): ParamOverrides => ({
    values: new Map([['outOfNetwork.factor', value]]),
    switches: new Map(),
  })

  it('are those that opened it, page after page', async () => {
    const { sessions, settings } = createSessions(120)
    const opened = await sessions.page({ ...ask(40, null), overrides: factor(0.5) }, OPTIONS)
    const second = await sessions.page(ask(40, opened.endCursor), OPTIONS)
    await sessions.page({ ...ask(40, second.endCursor), overrides: factor(0.5) }, OPTIONS)
    expect(settings.map((each) => each?.params.outOfNetwork.factor)).toEqual([0.5, 0.5, 0.5])
  })

  it('cannot be changed by a later page', async () => {
    const { sessions, rankings } = createSessions(120)
    const { endCursor } = await sessions.page(ask(40, null), OPTIONS)
    const other = sessions.page({ ...ask(40, endCursor), overrides: factor(0.5) }, OPTIONS)
    await expect(other).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'context.parameters',
    })
    expect(rankings).toHaveLength(1)
  })

  it('are those of the request when an expired session is rebuilt', async () => {
    const { sessions, settings, store } = createSessions(120)
    const opened = await sessions.page({ ...ask(40, null), overrides: factor(0.5) }, OPTIONS)
    for (let index = 0; index < 10; index += 1) await sessions.page(ask(1, null), OPTIONS)
    expect(store.get(opened.sessionId)).toBeNull()
    const page = await sessions.page(
      { ...ask(40, opened.endCursor), overrides: factor(0.25) },
      OPTIONS,
    )
    expect(page.continuity).toBe('REBUILT_AFTER_EXPIRY')
    expect(settings.at(-1)?.params.outOfNetwork.factor).toBe(0.25)
  })

  it('tell of every ranking in an arm, but of none that somebody changed by hand', async () => {
    const { sessions, exposures } = createSessions(120, { arms: ['a:control', 'b:more'] })
    const { endCursor, ranking } = await sessions.page(ask(40, null), OPTIONS)
    expect(ranking.arms).toEqual(['a:control', 'b:more'])
    await sessions.page(ask(5, endCursor), OPTIONS)
    const told = { viewerId: VIEWER, arms: ['a:control', 'b:more'] }
    expect(exposures).toEqual([{ ...told, requestId: ranking.requestId }])
    await sessions.page({ ...ask(40, null), overrides: factor(0.5) }, OPTIONS)
    expect(exposures).toHaveLength(1)
  })
})
