import { describe, expect, it } from 'vitest'
import { trustUserId } from '../../src/ids.ts'
import { createPostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { FeedSession } from '../../src/sessions/feed-session.ts'
import { SessionStore } from '../../src/sessions/session-store.ts'
import { DEFAULT_SETTINGS } from '../../src/pipeline/params/feed-settings.ts'
import { toSlateEntry } from '../../src/sessions/slate-entry.ts'
import { bareCandidate, post } from '../pipeline/home-feed-fixtures.ts'

const { params } = DEFAULT_SETTINGS
const RANKING = { requestId: 'r', rankedAtMs: 0, weightsVersion: 'w', params }

function session(id: string, entryCount: number): FeedSession {
  const candidate = createPostCandidate(bareCandidate(post(1, 2)))
  return {
    id,
    viewerId: trustUserId('1'),
    filter: EMPTY_FILTER,
    startedAtMs: 0,
    settings: DEFAULT_SETTINGS,
    firstPosition: 0,
    servedBefore: new Set(),
    entries: Array.from({ length: entryCount }, () => toSlateEntry(candidate, RANKING)),
    committedPosition: 0,
    lastServedAtMs: 0,
    exhausted: false,
    ranking: {
      requestId: 'r',
      rankedAtMs: 0,
      modelVersion: null,
      weightsVersion: 'w',
      arms: [],
      params,
      degradation: [],
      degradedDependencies: [],
    },
    extending: null,
  }
}

function createStore(now: () => number): SessionStore {
  return new SessionStore({ sessionsMax: 3, entriesMax: 100, idleMs: 1000, now })
}

describe('SessionStore', () => {
  it('forgets a session after its idle time, which every use renews', () => {
    let nowMs = 0
    const store = createStore(() => nowMs)
    store.keep(session('a', 1))
    nowMs = 900
    store.keep(store.get('a') ?? session('never', 1))
    nowMs = 1_899
    expect(store.get('a')?.id).toBe('a')
    nowMs = 1_900
    expect(store.get('a')).toBeNull()
    expect(store.size).toBe(0)
  })

  it('drops the one that was unused for longest when there are too many', () => {
    const store = createStore(() => 0)
    for (const id of ['a', 'b', 'c']) store.keep(session(id, 1))
    store.get('a')
    store.keep(session('d', 1))
    expect(['a', 'b', 'c', 'd'].filter((id) => store.get(id) !== null)).toEqual(['a', 'c', 'd'])
  })

  it('bounds the entries of all, also when a session grows, and does not keep a giant', () => {
    const store = createStore(() => 0)
    const growing = session('a', 40)
    store.keep(growing)
    store.keep(session('b', 50))
    growing.entries.push(...session('x', 30).entries)
    store.keep(growing)
    expect(store.entryCount).toBeLessThanOrEqual(100)
    expect(store.get('a')).toBe(growing)
    expect(store.get('b')).toBeNull()
    store.keep(session('giant', 200))
    expect(store.get('giant')).toBeNull()
    expect(store.expiresAtMs('giant')).toBe(0)
  })
})
