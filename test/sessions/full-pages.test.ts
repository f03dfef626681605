import { expect, it } from 'vitest'
import type { PostId } from '../../src/ids.ts'
import { createHomeFeed } from '../../src/pipeline/home-feed.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import { DEFAULT_SETTINGS } from '../../src/pipeline/params/feed-settings.ts'
import { CursorCodec } from '../../src/sessions/cursor-codec.ts'
import { HomeFeedSessions } from '../../src/sessions/home-feed-sessions.ts'
import { ServedWriter } from '../../src/sessions/served-writer.ts'
import { SessionStore } from '../../src/sessions/session-store.ts'
import type { Loaders } from '../../src/store/loaders.ts'
import { createDependencies, NO_MODULES, viewerStore } from '../pipeline/contract-world.ts'
import { loadersOf, NOW_MS, post, user, userId, VIEWER } from '../pipeline/home-feed-fixtures.ts'

const AUTHORS = Array.from({ length: 60 }, (_, index) => 100 + index)

/** `size` posts of followed authors, of which visibility hides 40 % when all is ranked. */
function createFeed(size: number) {
  const posts = Array.from({ length: size }, (_, index) =>
    post(1_000 + index, AUTHORS[index % AUTHORS.length] ?? 100),
  )
  // By the id, so that hidden ones stand in runs and alone, whatever the order.
  const hidden = posts.filter((_, index) => [1, 2, 5, 8].includes(index % 10))
  const statements: (keyof Loaders)[] = []
  const world = {
    posts,
    users: [1, ...AUTHORS].map((id) => user(id)),
    moderation: Object.fromEntries(hidden.map(({ id }) => [id, { labels: ['spam'] }])),
    statements,
  }
  const homeFeed = createHomeFeed(
    createDependencies({
      ...NO_MODULES,
      viewerStore: { ...viewerStore, followedIds: async () => AUTHORS.map(userId) },
      thunder: {
        recentPosts: ({ excludedPostIds }) =>
          posts
            .filter(({ id }) => !excludedPostIds.has(id))
            .map((each) => ({ ...each, postId: each.id })),
      },
      retrieval: { retrieve: async () => ({ posts: [], modelVersion: 'm' }) },
      budgetMs: 60_000,
    }),
  )
  const sessions = new HomeFeedSessions({
    homeFeed,
    viewerStore: { servedPostIds: async () => [] },
    servedWriter: new ServedWriter({
      viewerStore: { recordServed: async () => undefined },
      waitMs: 1_000,
      onFailure: () => expect.unreachable(),
    }),
    store: new SessionStore({
      sessionsMax: 10,
      entriesMax: 10_000,
      idleMs: 60_000,
      now: () => NOW_MS,
    }),
    codec: new CursorCodec(['key']),
    resolveSettings: () => DEFAULT_SETTINGS,
    onExposure: () => undefined,
    createRequestId: () => String(statements.length),
    now: () => NOW_MS,
  })
  const pageOf = (first: number, after: string | null) =>
    sessions.page(
      {
        viewerId: VIEWER,
        filter: EMPTY_FILTER,
        first,
        after,
        countryCode: null,
        languages: [],
        alsoSeenPostIds: new Set(),
        isBackground: false,
        loaders: loadersOf(world),
      },
      { nowMs: NOW_MS, signal: new AbortController().signal },
    )
  return { pageOf, statements, visible: size - hidden.length }
}

it.each([
  [900, 5],
  [900, 20],
  [900, 50],
  [900, 100],
  [300, 20],
  [70, 20],
])(
  'of %i posts, two fifths hidden late: pages of %i are full while any are left',
  async (size, first) => {
    const { pageOf, visible } = createFeed(size)
    const served = new Set<PostId>()
    let after: string | null = null
    for (let hasNextPage = true; hasNextPage;) {
      const page = await pageOf(first, after)
      expect(page.entries).toHaveLength(Math.min(first, visible - served.size))
      for (const each of page.entries) {
        if (each.kind === 'post') served.add(each.entry.candidate.id)
      }
      after = page.endCursor
      hasNextPage = page.hasNextPage && served.size < visible
    }
    expect(served.size).toBe(visible)
  },
)

it('fills a slate in a few rounds: each costs two statements, whatever it misses', async () => {
  const { pageOf, statements } = createFeed(900)
  await pageOf(20, null)
  const rounds = statements.filter((name) => name === 'postModeration').length
  expect(rounds).toBeLessThanOrEqual(3)
  expect(statements.length).toBeLessThanOrEqual(3 + 4 + 2 * rounds)
})
