import { describe, expect, it } from 'vitest'
import type { FeedModule } from '../../../src/pipeline/blending/feed-item.ts'
import type { SlateItem } from '../../../src/pipeline/blending/for-you-feed.ts'
import { createForYouPipeline } from '../../../src/pipeline/blending/for-you.pipeline.ts'
import { createPrompts } from '../../../src/pipeline/blending/prompts.ts'
import type { PromotedPosts } from '../../../src/pipeline/blending/promoted/promoted-posts.ts'
import { createHomeFeed } from '../../../src/pipeline/home-feed.ts'
import type { HomeFeedDependencies } from '../../../src/pipeline/home-feed.dependencies.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedFilter, HomeFeedRequest } from '../../../src/pipeline/home-feed.query.ts'
import { createDependencies, modules, now, viewerStore, WORLD } from '../contract-world.ts'
import { candidate, loadersOf, NOW_MS, post, user, VIEWER, userId } from '../home-feed-fixtures.ts'
import type { World } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'
import { filledForYouQuery, namesOf, promotedPost, rankedPosts } from './blending-fixtures.ts'

const OPTIONS = { nowMs: NOW_MS, signal: new AbortController().signal }
const never = () => new Promise<never>(() => undefined)
const rejects = () => Promise.reject(new Error('down'))

function requestOf(filter: Partial<HomeFeedFilter> = {}, world: World = {}): HomeFeedRequest {
  return {
    requestId: 'request-1',
    viewerId: VIEWER,
    filter: { ...EMPTY_FILTER, ...filter },
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 50,
    loaders: loadersOf({ ...WORLD, ...world }),
  }
}

/** On a clock that runs from `NOW_MS`. */
async function open(
  more: Partial<HomeFeedDependencies> = {},
  request: HomeFeedRequest = requestOf(),
) {
  const startMs = performance.now()
  const running = () => NOW_MS + performance.now() - startMs
  const homeFeed = createHomeFeed(createDependencies({ now: running, ...more }))
  const opened = await homeFeed.open(request, OPTIONS)
  await homeFeed.drain()
  return { opened, names: opened.items.map(nameOf).join(' ') }
}

function nameOf(item: SlateItem): string {
  if (item.kind === 'post') return item.post.id
  return item.kind === 'prompt' ? item.prompt.name : `w:${item.userIds.join('-')}`
}

describe('open', () => {
  it('puts a prompt and who-to-follow into the slate that rank gives', async () => {
    const { opened, names } = await open()
    expect(names).toBe('welcome 80 84 83 81 w:14-13')
    expect(opened).toMatchObject({ degradation: [], exhausted: true, modelVersion: 'model-1' })
    expect(opened.candidates.map(({ id }) => id)).toEqual(['80', '84', '83', '81'])
  })

  it('suggests nobody whom a list of the viewer hides', async () => {
    const store = { ...viewerStore, relations: async () => relations({ blocked: [14] }) }
    expect((await open({ viewerStore: store })).names).toContain('w:13')
    const both = {
      ...viewerStore,
      relations: async () => relations({ blocked: [14], muted: [13] }),
    }
    expect((await open({ viewerStore: both })).names).not.toContain('w:')
  })

  it('has no modules in feeds of media, or of followed accounts', async () => {
    for (const filter of [{ mediaOnly: true }, { inNetworkOnly: true }]) {
      expect((await open({}, requestOf(filter))).names).not.toMatch(/welcome|w:/)
    }
  })

  it.each<[string, Partial<HomeFeedDependencies>, string]>([
    ['history fails', { modules: { ...modules, moduleHistory: rejects } }, '80 84 83 81'],
    ['history is late', { modules: { ...modules, moduleHistory: never } }, '80 84 83 81'],
    [
      'suggestions fail',
      { modules: { ...modules, suggestedAccounts: rejects } },
      'welcome 80 84 83 81',
    ],
    [
      'suggestions are late',
      { modules: { ...modules, suggestedAccounts: never } },
      'welcome 80 84 83 81',
    ],
    ['prompts fail', { prompts: { list: rejects } }, '80 84 83 81 w:14-13'],
    ['prompts are late', { prompts: { list: never } }, '80 84 83 81 w:14-13'],
  ])('costs only the modules when %s, and says so', async (_what, more, expected) => {
    const { opened, names } = await open(more)
    expect(names).toBe(expected)
    expect(opened.degradation).toEqual(['ENRICHMENT_MISSING'])
    expect(opened.degradedDependencies).toHaveLength(1)
  })

  it('is what there is when suggestions run short', async () => {
    const suggestedAccounts = async () => []
    const { opened, names } = await open({
      modules: { ...modules, suggestedAccounts },
      prompts: createPrompts([]),
    })
    expect(names).toBe('80 84 83 81')
    expect(opened.degradation).toEqual([])
  })

  it('is no feed of modules alone when posts cannot be judged', async () => {
    const store = { ...viewerStore, relations: rejects }
    await expect(open({ viewerStore: store })).rejects.toMatchObject({ code: 'SAFETY_UNAVAILABLE' })
  })

  it('shows modules where there are no posts', async () => {
    const nothing = {
      thunder: { recentPosts: () => [] },
      retrieval: { retrieve: async () => ({ posts: [], modelVersion: 'model-1' }) },
    }
    expect((await open(nothing)).names).toBe('welcome w:14-13')
  })

  it('reads the accounts that it shows no second time', async () => {
    const statements: string[] = []
    const loaders = loadersOf({ ...WORLD, statements: statements as never[] })
    await open({}, { ...requestOf(), loaders })
    expect(statements.filter((name) => name === 'users' || name === 'userLabels')).toHaveLength(2)
  })
})

describe('recheckModules', () => {
  const FROZEN: readonly FeedModule[] = [
    { kind: 'who-to-follow', userIds: [userId(13), userId(14)] },
  ]
  const left = async (more: Partial<HomeFeedDependencies> = {}, world: World = {}) => {
    const homeFeed = createHomeFeed(createDependencies(more))
    const rechecked = await homeFeed.recheckModules(requestOf({}, world), FROZEN, OPTIONS)
    const module = rechecked.moduleById.get('who-to-follow:13-14')
    return module?.kind === 'who-to-follow' ? module.userIds.join(' ') : rechecked.degradation
  }
  const viewer = (more: Partial<HomeFeedDependencies['viewerStore']>) => ({
    viewerStore: { ...viewerStore, ...more },
  })

  it('keeps who may still be suggested, under the id of the session', async () => {
    expect(await left()).toBe('13 14')
    expect(await left(viewer({ followedIds: async () => [userId(13)] }))).toBe('14')
    expect(await left(viewer({ relations: async () => relations({ blocked: [14] }) }))).toBe('13')
    expect(await left({}, { users: [user(1), user(13, { state: 'suspended' }), user(14)] })).toBe(
      '14',
    )
  })

  it('drops a module of nobody, and one that cannot be judged', async () => {
    expect(await left({}, { users: [user(1)] })).toEqual([])
    expect(await left({}, { broken: ['users'] })).toEqual(['ENRICHMENT_MISSING'])
    expect(await left(viewer({ relations: rejects }))).toEqual([
      'SAFETY_WITHHELD',
      'ENRICHMENT_MISSING',
    ])
  })
})

describe('promoted posts', () => {
  /** Six posts of the slate, and a seller of post 90. */
  async function blend(lists: Partial<HomeFeedDependencies['viewerStore']>, world: World = {}) {
    const promoted: PromotedPosts = { promotedPosts: async () => [promotedPost(90)] }
    const dependencies = createDependencies({ viewerStore: { ...viewerStore, ...lists } })
    const pipeline = createForYouPipeline({ ...dependencies, promoted })
    const slate = [1, 2, 3, 4, 5, 6].map((id) => candidate(post(id, 2)))
    const loaders = loadersOf({
      users: [2, 3].map((id) => user(id)),
      posts: [post(90, 3)],
      ...world,
    })
    const query = filledForYouQuery({}, rankedPosts(slate), loaders)
    const request = { ...OPTIONS, requestId: 'request-1', now }
    const { selected } = await pipeline.execute(query, request)
    return namesOf(selected.filter(({ content }) => 'post' in content))
  }

  it('stand between safe posts', async () => {
    expect(await blend({})).toBe('p1 A90 p2 p3 p4 p5 p6')
  })

  it.each<[string, Partial<HomeFeedDependencies['viewerStore']>, World]>([
    ['blocked', { relations: async () => relations({ blocked: [3] }) }, {}],
    ['muted', { relations: async () => relations({ muted: [3] }) }, {}],
    ['protected', {}, { users: [user(2), user(3, { isProtected: true })] }],
    ['adult', {}, { users: [user(2), user(3, { isAdult: true })] }],
    ['labelled', {}, { moderation: { '90': { labels: ['gore'] } } }],
    ['deleted', {}, { posts: [] }],
    ['not to be judged', { relations: rejects }, {}],
  ])('are not shown when the author or the post is %s', async (_what, lists, world) => {
    expect(await blend(lists, world)).toBe('p1 p2 p3 p4 p5 p6')
  })
})
