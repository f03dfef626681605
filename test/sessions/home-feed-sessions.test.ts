import { describe, expect, it } from 'vitest'
import type { RankedFeed } from '../../src/pipeline/home-feed.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import { CursorCodec } from '../../src/sessions/cursor-codec.ts'
import { HomeFeedSessions } from '../../src/sessions/home-feed-sessions.ts'
import type { PageRequest } from '../../src/sessions/home-feed-sessions.ts'
import { ServedWriter } from '../../src/sessions/served-writer.ts'
import { SessionStore } from '../../src/sessions/session-store.ts'
import { candidate, loadersOf, NOW_MS, post, VIEWER } from '../pipeline/home-feed-fixtures.ts'

const ALLOW = { action: 'allow', rule: null, labels: [] } as const
const OPTIONS = { nowMs: NOW_MS, signal: new AbortController().signal, deadlineMs: NOW_MS + 1000 }

/** Sessions over a ranker that has `supply` posts, in order, `slateSize` at a time. */
function createSessions(supply: number, { exhausts = true } = {}) {
  const rankings: number[] = []
  const pipelineResult = undefined as unknown as RankedFeed['pipelineResult']
  const sessions = new HomeFeedSessions({
    homeFeed: {
      rank(request) {
        const all = Array.from({ length: supply }, (_, index) => index + 1)
        const left = all.filter(
          (id) => ![...request.sessionServedPostIds].some((served) => Number(served) === id),
        )
        const ids = left.slice(0, request.slateSize)
        rankings.push(ids.length)
        return Promise.resolve({
          requestId: request.requestId,
          candidates: ids.map((id) => candidate(post(id, 2), { visibility: ALLOW })),
          degradation: [],
          degradedDependencies: [],
          modelVersion: 'm',
          weightsVersion: 'w',
          exhausted: exhausts && left.length === ids.length,
          pipelineResult,
        })
      },
      recheck: (_request, candidates) =>
        Promise.resolve({
          candidates: candidates.map((each) => ({ ...each, visibility: ALLOW })),
          degradation: [],
          degradedDependencies: [],
        }),
    },
    viewerStore: { servedPostIds: () => Promise.resolve([]) },
    servedWriter: new ServedWriter({
      viewerStore: { recordServed: () => Promise.resolve() },
      waitMs: 1000,
      onFailure: () => expect.unreachable(),
    }),
    store: new SessionStore({ sessionsMax: 10, entriesMax: 1000, idleMs: 1000, now: () => NOW_MS }),
    codec: new CursorCodec(['key']),
    slateSize: 50,
    createRequestId: () => `request ${rankings.length}`,
    now: () => NOW_MS,
  })
  return { sessions, rankings }
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

  it('ends an exhausted feed with an empty page that keeps a cursor', async () => {
    const { sessions } = createSessions(5)
    const page = await sessions.page(ask(5, null), OPTIONS)
    expect(page.hasNextPage).toBe(false)
    const beyond = await sessions.page(ask(5, page.endCursor), OPTIONS)
    expect(beyond).toMatchObject({ entries: [], hasNextPage: false, continuity: 'CONTINUED' })
  })
})
