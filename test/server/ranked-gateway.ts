import { systemNowMs } from '../../src/clock.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { InProcessCandidateCache } from '../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { AgedCache } from '../../src/pipeline/framework/aged-cache.ts'
import { createPrompts } from '../../src/pipeline/blending/prompts.ts'
import { createHomeFeed, type HomeFeed, type RankOptions } from '../../src/pipeline/home-feed.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { DEFAULT_SETTINGS } from '../../src/pipeline/params/feed-settings.ts'
import {
  POPULAR_PARAMS,
  REQUEST_CACHE_PARAMS,
  TOPIC_PARAMS,
} from '../../src/pipeline/process.params.ts'
import { RequestCache } from '../../src/pipeline/request-cache.ts'
import { createSafetyMemory } from '../../src/pipeline/safety-memory.ts'
import { createModuleStore } from '../../src/store/create-module-store.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import { createPopularPosts } from '../../src/store/popular-posts.ts'
import { createTopicStore } from '../../src/store/topic-store.ts'
import { embeddings, ranking } from '../pipeline/contract-world.ts'
import type { SmallGateway } from './small-gateway.ts'

/** A post that retrieval brings. */
export interface Retrieved {
  readonly id: string
  readonly author: string
  readonly createdAtMs: number
}

/**
 * The feed of a small gateway's world with both models healthy: the ranker scores by id, retrieval
 * brings what it is given. Its limits are a slow machine's.
 */
export function createRankedFeed(
  { database, thunder }: Pick<SmallGateway, 'database' | 'thunder'>,
  retrieved: readonly Retrieved[] = [],
  more: Partial<HomeFeedDependencies> = {},
): HomeFeed {
  const homeFeed = createHomeFeed({
    viewerStore: createViewerStore(database),
    thunder,
    retrieval: {
      retrieve: async () => ({
        posts: retrieved.map(({ id, author, createdAtMs }) => ({
          postId: trustPostId(id),
          authorId: trustUserId(author),
          createdAtMs,
          similarity: 0.5,
        })),
        modelVersion: 'model-1',
      }),
    },
    ranking,
    embeddings,
    popular: createPopularPosts(database, POPULAR_PARAMS),
    modules: createModuleStore(database),
    prompts: createPrompts([]),
    safetyMemory: createSafetyMemory({ now: systemNowMs }),
    topics: createTopicStore(database, TOPIC_PARAMS),
    candidateCache: new InProcessCandidateCache({ postsMax: 1_000, now: systemNowMs }),
    requestLog: { write: async () => undefined },
    countsCache: new AgedCache({ entriesMax: 1_000 }),
    requestCache: new RequestCache({ ...REQUEST_CACHE_PARAMS, now: systemNowMs }),
    budgetMs: 10_000,
    now: systemNowMs,
    ...more,
  })
  return {
    ...homeFeed,
    rank: (ask, options) => homeFeed.rank(ask, patient(options)),
    open: (ask, options) => homeFeed.open(ask, patient(options)),
    recheck: (ask, candidates, options) => homeFeed.recheck(ask, candidates, patient(options)),
    recheckModules: (ask, modules, options) =>
      homeFeed.recheckModules(ask, modules, patient(options)),
  }
}

/** The same settings, but that no component is late on a busy machine. */
function patient(options: RankOptions): RankOptions {
  const { settings = DEFAULT_SETTINGS } = options
  const { params, digest } = settings
  const limits = Object.keys(params.timeout).map((name) => [name, 5_000])
  const timeout = { ...params.timeout, ...Object.fromEntries(limits) }
  return {
    ...options,
    settings: { ...settings, params: { ...params, timeout }, digest: `${digest} patient` },
  }
}
