import type { PostId } from '../ids.ts'
import type { EmbeddingClient } from '../phoenix/embedding-client.ts'
import type { RankingClient } from '../phoenix/ranking-client.ts'
import type { RetrievalClient } from '../phoenix/retrieval-client.ts'
import type { RequestLog } from '../store/request-log/logged-request.ts'
import type { PopularPosts } from '../store/popular-posts.ts'
import type { ModuleStore } from '../store/module-store.ts'
import type { TopicStore } from '../store/topic-store.ts'
import type { ViewerStore } from '../store/viewer-store.ts'
import type { Thunder } from '../thunder/thunder.ts'
import type { Prompts } from './blending/prompts.ts'
import type { AgedCache } from './framework/aged-cache.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { CandidateCache } from './cached-pool/candidate-cache.ts'
import type { RequestCache } from './request-cache.ts'
import type { SearchTexts } from './muted-keywords/search-text.ts'
import type { SafetyMemory } from './safety-memory.ts'
import type { AuthorLists } from './visibility/author-lists.ts'

/** All that the home feed asks. One set a process, for all requests. */
export interface HomeFeedDependencies {
  readonly viewerStore: Pick<
    ViewerStore,
    'actionSequence' | 'followedIds' | 'followersAmong' | 'relations' | 'seen' | 'servedHistory'
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
  readonly topics: TopicStore
  /** By post as shown. Shared by every pipeline of the process, like those below. */
  readonly countsCache: AgedCache<PostId, Pick<PostCandidate, 'engagementCounts'>>
  readonly safetyMemory: SafetyMemory
  readonly requestCache: RequestCache
  /** Texts cut for muted keywords, shared by every pipeline of the process; default: own ones. */
  readonly searchTexts?: SearchTexts
  /** Default: nobody is listed. */
  readonly authorLists?: AuthorLists
  readonly requestLog: RequestLog
  readonly candidateCache: CandidateCache
  /** Time of a request in ms; the parameter `request.budgetMs` when absent. */
  readonly budgetMs?: number
  /** Epoch ms: deadlines and ages of substitutes go by it. */
  now(): number
}
