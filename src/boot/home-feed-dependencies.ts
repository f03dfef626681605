import type { GrpcRetrievalClient } from '../phoenix/grpc-retrieval-client.ts'
import type { RankingClient } from '../phoenix/ranking-client.ts'
import { AgedCache } from '../pipeline/framework/aged-cache.ts'
import type { CandidateCache } from '../pipeline/cached-pool/candidate-cache.ts'
import { InProcessCandidateCache } from '../pipeline/cached-pool/in-process-candidate-cache.ts'
import type { HomeFeedDependencies } from '../pipeline/home-feed.dependencies.ts'
import {
  CANDIDATE_CACHE_PARAMS,
  COUNTS_CACHE_PARAMS,
  EMBEDDING_PARAMS,
  POPULAR_PARAMS,
  REQUEST_CACHE_PARAMS,
  REQUEST_LOG_PARAMS,
  TOPIC_PARAMS,
} from '../pipeline/process.params.ts'
import type { SearchTexts } from '../pipeline/muted-keywords/search-text.ts'
import { RequestCache } from '../pipeline/request-cache.ts'
import { createSafetyMemory } from '../pipeline/safety-memory.ts'
import { KeptEmbeddings } from '../pipeline/slate-diversity/kept-embeddings.ts'
import { createModuleStore } from '../store/create-module-store.ts'
import { createPopularPosts } from '../store/popular-posts.ts'
import type { RequestLog } from '../store/request-log/logged-request.ts'
import { requestLogDirectory, RequestLogFiles } from '../store/request-log/request-log-files.ts'
import { createTopicStore } from '../store/topic-store.ts'
import type { ViewerStore } from '../store/viewer-store.ts'
import type { Telemetry } from '../telemetry.ts'
import type { EventFlow } from './event-flow.ts'
import type { Database } from '../store/database.ts'
import type { Prompts } from '../pipeline/blending/prompts.ts'
import type { AuthorLists } from '../pipeline/visibility/author-lists.ts'

/** Parts that the feed of a process asks through. */
export interface FeedParts {
  readonly database: Database
  readonly prompts: Prompts
  readonly authorLists: AuthorLists
  readonly nowMs: () => number
  readonly viewerStore: ViewerStore
  readonly events: Pick<EventFlow, 'thunder' | 'isStale'>
  readonly retrieval: GrpcRetrievalClient
  readonly ranking: RankingClient
  readonly searchTexts: SearchTexts
  readonly requestLog: RequestLog
  readonly candidateCache: CandidateCache
}

export function openRequestLog(dataDirectory: string, now: () => number): RequestLog {
  const directory = requestLogDirectory(dataDirectory)
  return new RequestLogFiles({ directory, ...REQUEST_LOG_PARAMS, now })
}

export function openCandidateCache(telemetry: Telemetry, now: () => number): CandidateCache {
  const cache = new InProcessCandidateCache({ ...CANDIDATE_CACHE_PARAMS, now })
  telemetry.gauge(
    'homefeed_candidate_cache_posts',
    'Posts in the pools that refreshes stand on, and one for each pool.',
    () => cache.postCount,
  )
  return cache
}

/** What the feed of a process asks. */
export function toHomeFeedDependencies(parts: FeedParts): HomeFeedDependencies {
  const { database, viewerStore, events, retrieval, ranking, prompts, nowMs } = parts
  return {
    viewerStore,
    thunder: events.thunder,
    isThunderStale: () => events.isStale(),
    retrieval,
    ranking,
    embeddings: new KeptEmbeddings(retrieval, EMBEDDING_PARAMS),
    popular: createPopularPosts(database, POPULAR_PARAMS),
    modules: createModuleStore(database),
    prompts,
    countsCache: new AgedCache(COUNTS_CACHE_PARAMS),
    topics: createTopicStore(database, TOPIC_PARAMS),
    safetyMemory: createSafetyMemory({ now: nowMs }),
    requestCache: new RequestCache({ ...REQUEST_CACHE_PARAMS, now: nowMs }),
    searchTexts: parts.searchTexts,
    authorLists: parts.authorLists,
    requestLog: parts.requestLog,
    candidateCache: parts.candidateCache,
    now: nowMs,
  }
}
