import type { EmbeddingClient } from '../phoenix/embedding-client.ts'
import type { RankingClient } from '../phoenix/ranking-client.ts'
import type { RetrievalClient } from '../phoenix/retrieval-client.ts'
import type { PopularPosts } from '../store/popular-posts.ts'
import type { ModuleStore } from '../store/module-store.ts'
import type { ViewerStore } from '../store/viewer-store.ts'
import type { Thunder } from '../thunder/thunder.ts'
import type { Prompts } from './blending/prompts.ts'
import type { RequestCache } from './request-cache.ts'
import type { SafetyMemory } from './safety-memory.ts'

/** All that the home feed asks. One set a process, for all requests. */
export interface HomeFeedDependencies {
  readonly viewerStore: Pick<
    ViewerStore,
    | 'actionSequence'
    | 'followedIds'
    | 'followersAmong'
    | 'relations'
    | 'seenPostIds'
    | 'servedPostIds'
    | 'servedAuthors'
  >
  readonly thunder: Thunder
  /** Whether Thunder lacks events that it should have by now; default never. */
  readonly isThunderStale?: () => boolean
  readonly retrieval: RetrievalClient
  readonly ranking: RankingClient
  readonly embeddings: EmbeddingClient
  readonly popular: PopularPosts
  readonly modules: ModuleStore
  readonly prompts: Prompts
  /** Shared by every pipeline of the process. */
  readonly safetyMemory: SafetyMemory
  readonly requestCache: RequestCache
  /** Time of a request in ms; the parameter `request.budgetMs` when absent. */
  readonly budgetMs?: number
  /** Epoch ms: deadlines and ages of substitutes go by it. */
  now(): number
}
