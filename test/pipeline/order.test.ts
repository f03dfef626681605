import { describe, expect, it } from 'vitest'
import type { PostId } from '../../src/ids.ts'
import type { RankingClient } from '../../src/phoenix/ranking-client.ts'
import type { PipelineResult } from '../../src/pipeline/framework/candidate-pipeline.ts'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { createHomeFeedQuery, EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery, HomeFeedRequest } from '../../src/pipeline/home-feed.query.ts'
import type { PostRecord } from '../../src/store/records.ts'
import { createDependencies, now, ranking, viewerStore } from './contract-world.ts'
import {
  keyword,
  loadersOf,
  NOW_MS,
  post,
  postIds,
  quote,
  reply,
  repost,
  user,
  userId,
  VIEWER,
} from './home-feed-fixtures.ts'
import type { World } from './home-feed-fixtures.ts'
import { relations } from './store-fixtures.ts'

/**
 * What the order of the pipeline's rows decides: the interactions of spec/filters.md 8 and
 * spec/pipeline.md 7, each through the real pipeline. Viewer 1 follows 10 and 11.
 */

interface Setting extends World {
  readonly posts: readonly PostRecord[]
  /** What Thunder brings, in order; default: posts of 10 and 11. */
  readonly thunder?: readonly PostRecord[]
  /** Default: all posts. */
  readonly retrieval?: readonly PostRecord[]
  readonly request?: Partial<HomeFeedRequest>
  readonly dependencies?: Partial<HomeFeedDependencies>
}

type Result = PipelineResult<HomeFeedQuery, PostCandidate>

async function run(setting: Setting): Promise<Result> {
  const { posts, request, dependencies } = setting
  const followed = posts.filter(({ authorId }) => ['10', '11'].includes(authorId))
  const toFound = (each: PostRecord) => ({ ...each, postId: each.id, similarity: 0.5 })
  const pipeline = createHomeFeedPipeline(
    createDependencies({
      thunder: {
        recentPosts: ({ excludedPostIds }) =>
          (setting.thunder ?? followed).filter(({ id }) => !excludedPostIds.has(id)).map(toFound),
      },
      retrieval: {
        retrieve: async () => ({
          posts: (setting.retrieval ?? posts).map(toFound),
          modelVersion: 'm',
        }),
      },
      viewerStore: { ...viewerStore, relations: async () => relations(), ...{} },
      ...dependencies,
    }),
  )
  const query = createHomeFeedQuery({
    requestId: 'request',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 50,
    loaders: loadersOf({
      ...setting,
      users: setting.users ?? [1, 8, 9, 10, 11, 12].map((id) => user(id)),
    }),
    ...request,
  })
  const signal = new AbortController().signal
  return pipeline.execute(query, { requestId: 'request', nowMs: NOW_MS, signal, now })
}

const servedIds = ({ selected }: Result): readonly PostId[] => selected.map(({ id }) => id)
const filterOf = ({ removed }: Result, id: number) =>
  removed.find(({ candidate }) => candidate.id === String(id))?.filter

describe('sources', () => {
  const parent = post(80, 10)
  const answer = reply(81, 11, parent)

  it('keep the ancestors that Thunder knows when both bring a reply', async () => {
    const result = await run({ posts: [parent, answer] })
    const both = [...result.selected, ...result.removed.map(({ candidate }) => candidate)]
    const found = both.find(({ id }) => id === answer.id)
    expect(found).toMatchObject({
      ancestorIds: [parent.id],
      sources: ['thunder', 'phoenix-retrieval'],
    })
  })

  it("give a reply that only retrieval brings up, a followed author's too", async () => {
    const result = await run({ posts: [parent, answer], thunder: [] })
    expect(filterOf(result, 81)).toBe('OutOfNetworkKindFilter')
  })

  it('let the in-network repost beat the original from out of network', async () => {
    const original = post(82, 12)
    const result = await run({ posts: [original, repost(83, 10, original)] })
    expect(servedIds(result)).toEqual(['83'])
    expect(filterOf(result, 82)).toBe('RepostDeduplicationFilter')
  })
})

describe('filters', () => {
  it('take out what has no core data before any other looks at it', async () => {
    const own = post(80, 1, { createdAtMs: 0, text: ' ' })
    const result = await run({ posts: [own] })
    expect(filterOf(result, 80)).toBe('CoreDataFilter')
  })

  it('lose a post whose seen twin was kept in its place', async () => {
    const original = post(82, 12)
    const twin = repost(83, 10, original)
    const result = await run({
      posts: [original, twin],
      request: { sessionServedPostIds: new Set() },
      dependencies: {
        viewerStore: {
          ...viewerStore,
          servedHistory: async () => ({ postIds: [twin.id], authors: [], requestTimesMs: [] }),
        },
      },
    })
    expect(servedIds(result)).toEqual([])
    expect(filterOf(result, 82)).toBe('RepostDeduplicationFilter')
    expect(filterOf(result, 83)).toBe('PreviouslyServedFilter')
  })

  it('do not lose a post to a repost of an account whose reposts are muted', async () => {
    const original = post(82, 12)
    const result = await run({
      posts: [original, repost(83, 10, original)],
      dependencies: {
        viewerStore: { ...viewerStore, relations: async () => relations({ mutedReposts: [10] }) },
      },
    })
    expect(servedIds(result)).toEqual(['82'])
  })

  it('do not lose a post to a repost that the request leaves out', async () => {
    const original = post(82, 12)
    const result = await run({
      posts: [original, repost(83, 10, original)],
      request: { filter: { ...EMPTY_FILTER, excludeReposts: true } },
    })
    expect(servedIds(result)).toEqual(['82'])
  })
})

describe('scoring', () => {
  /** Which posts the model was asked for. */
  async function rankedBy(setting: Setting) {
    const asked: PostId[] = []
    const counting: RankingClient = {
      rank(request, options) {
        asked.push(...request.candidates.map(({ postId }) => postId))
        return ranking.rank(request, options)
      },
    }
    const result = await run({
      ...setting,
      dependencies: { ...setting.dependencies, ranking: counting },
    })
    return { asked, result }
  }

  it('never sees what is muted, blocked or listed; what visibility hides it does', async () => {
    const posts = [
      post(80, 10, { text: 'a spoiler' }),
      post(81, 12),
      quote(82, 10, post(90, 8)),
      post(83, 9),
      post(84, 10),
    ]
    const { asked, result } = await rankedBy({
      posts: [...posts, post(90, 8)],
      retrieval: posts,
      moderation: { '84': { labels: ['spam'] } },
      dependencies: {
        authorLists: {
          hiddenAuthorIds: new Set(),
          hiddenPostIds: new Set(),
          trustedAuthorIds: new Set(),
          notRecommendedAuthorIds: new Set([userId(9)]),
        },
        viewerStore: {
          ...viewerStore,
          relations: async () => ({
            ...relations({ blocked: [8], muted: [12] }),
            mutedKeywords: [keyword('spoiler')],
          }),
        },
      },
    })
    expect(asked).toEqual(['84'])
    expect([80, 81, 82, 83, 84].map((id) => filterOf(result, id))).toEqual([
      'MutedKeywordFilter',
      'AuthorSocialGraphFilter',
      'AuthorSocialGraphFilter',
      'AuthorListsFilter',
      'VisibilityFilter',
    ])
  })
})

describe('after the selection', () => {
  it('gives a hidden post of a conversation no place: the next of it is shown', async () => {
    const root = post(80, 10)
    const [best, next] = [reply(82, 11, root), reply(81, 11, root)]
    const result = await run({
      posts: [root, next, best],
      thunder: [best, next],
      retrieval: [],
      moderation: { '82': { labels: ['spam'] } },
    })
    expect(servedIds(result)).toEqual(['81'])
    expect(filterOf(result, 82)).toBe('VisibilityFilter')
  })

  it('gives what shows a hidden post no place either', async () => {
    const root = post(80, 10)
    const hidden = post(90, 12)
    const best = { ...quote(82, 11, hidden), conversationId: root.id }
    const result = await run({
      posts: [root, best, hidden],
      thunder: [best, root],
      retrieval: [],
      moderation: { '90': { labels: ['gore'] } },
    })
    expect(servedIds(result)).toEqual(['80'])
    expect(filterOf(result, 82)).toBe('AncillaryVisibilityFilter')
  })

  it('reconsiders nothing that was removed: each is in one list', async () => {
    const posts = Array.from({ length: 120 }, (_, index) => post(100 + index, 10 + (index % 2)))
    const result = await run({
      posts,
      moderation: Object.fromEntries(posts.slice(40).map(({ id }) => [id, { labels: ['spam'] }])),
    })
    const lists = [
      result.selected,
      result.nonSelected,
      result.removed.map((each) => each.candidate),
    ]
    const ids = lists.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(posts.length)
    expect(result.selected).toHaveLength(40)
  })
})

it('judges posts of an earlier slate by the lists of now', async () => {
  // Seen and served posts stay out by id, whatever source would bring them back.
  const result = await run({
    posts: [post(80, 10), post(81, 11), post(82, 10)],
    request: { sessionServedPostIds: postIds(80), alsoSeenPostIds: postIds(81) },
  })
  expect(servedIds(result)).toEqual(['82'])
})
