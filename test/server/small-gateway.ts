import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { systemNowMs } from '../../src/clock.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { GrpcChannel } from '../../src/phoenix/grpc-channel.ts'
import type { PhoenixService } from '../../src/phoenix/phoenix-error.ts'
import { GrpcRankingClient } from '../../src/phoenix/grpc-ranking-client.ts'
import { GrpcRetrievalClient } from '../../src/phoenix/grpc-retrieval-client.ts'
import { AgedCache } from '../../src/pipeline/framework/aged-cache.ts'
import { InProcessCandidateCache } from '../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { STAGES } from '../../src/pipeline/framework/component.ts'
import { createPrompts } from '../../src/pipeline/blending/prompts.ts'
import { createHomeFeed } from '../../src/pipeline/home-feed.ts'
import {
  POPULAR_PARAMS,
  REQUEST_CACHE_PARAMS,
  TOPIC_PARAMS,
} from '../../src/pipeline/process.params.ts'
import { createPopularPosts } from '../../src/store/popular-posts.ts'
import { createTopicStore } from '../../src/store/topic-store.ts'
import { RequestCache } from '../../src/pipeline/request-cache.ts'
import { createSafetyMemory } from '../../src/pipeline/safety-memory.ts'
import { createServer } from '../../src/server.ts'
import type { ServerDependencies } from '../../src/server.ts'
import { createLoaders } from '../../src/store/create-loaders.ts'
import { createModuleStore } from '../../src/store/create-module-store.ts'
import { createViewerStore } from '../../src/store/create-viewer-store.ts'
import { createDatabase } from '../../src/store/database.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createLogger, Telemetry } from '../../src/telemetry.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { GraphqlAnswer } from '../world.ts'

export const CURSOR_KEY = 'a key of the tests, long enough to sign'
/** Follows 2 to 6. */
export const VIEWER = '1'
/** Follows 2 to 6 too. */
export const OTHER_VIEWER = '7'
export const SUSPENDED = '8'
export const FOLLOWED = ['2', '3', '4', '5', '6'] as const
export const POSTS_PER_AUTHOR = 30

const MINUTE_MS = 60_000

/** The real gateway over a small world in PGlite, while neither Phoenix service runs. */
export interface SmallGateway {
  readonly url: string
  readonly database: Database
  readonly thunder: PostStore
  readonly logLines: string[]
  ask(query: string, options?: AskOptions): Promise<GraphqlAnswer>
  close(): Promise<void>
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, unknown>>
}

/** Ids such as 4000012: author 4, its 13th newest post. */
export function postIdOf(author: string, index: number): string {
  return String(Number(author) * 1_000_000 + index)
}

async function fill(database: Database, thunder: PostStore): Promise<void> {
  const users = [VIEWER, ...FOLLOWED, OTHER_VIEWER, SUSPENDED]
  for (const id of users) {
    await sql`insert into users (id, handle, display_name, bio, created_at_ms, birth_year,
        is_protected, state, is_adult, sensitive_opt_in, sells_subscriptions)
      values (${id}, ${`User${id}`}, ${`User ${id}`}, '', 0, 1990, false,
        ${id === SUSPENDED ? 'suspended' : 'active'}, false, false, false)`.execute(database.kysely)
  }
  for (const follower of [VIEWER, OTHER_VIEWER]) {
    for (const followee of FOLLOWED) {
      await sql`insert into follows (follower_id, followee_id, created_at_ms)
        values (${follower}, ${followee}, 0)`.execute(database.kysely)
    }
  }
  const nowMs = systemNowMs()
  for (const author of FOLLOWED) {
    for (let index = 0; index < POSTS_PER_AUTHOR; index += 1) {
      await addPost(database, thunder, {
        id: postIdOf(author, index),
        author,
        createdAtMs: nowMs - (index + 1) * 10 * MINUTE_MS,
      })
    }
  }
}

export interface NewPost {
  readonly id: string
  readonly author: string
  readonly createdAtMs: number
  readonly quotedPostId?: string
  readonly replyToPostId?: string
  readonly repostOf?: { readonly id: string; readonly author: string }
}

export async function addPost(
  database: Database,
  thunder: PostStore,
  { id, author, createdAtMs, quotedPostId = '', replyToPostId = '', repostOf }: NewPost,
): Promise<void> {
  await sql`insert into posts (id, author_id, created_at_ms, text, quoted_post_id,
      reply_to_post_id, conversation_id, repost_of_post_id, repost_of_user_id, subscribers_only,
      sensitive)
    values (${id}, ${author}, ${createdAtMs}, ${`Post ${id} in words`}, ${quotedPostId || null},
      ${replyToPostId || null}, ${replyToPostId || null}, ${repostOf?.id ?? null},
      ${repostOf?.author ?? null}, false, false)`.execute(database.kysely)
  thunder.insert({
    postId: trustPostId(id),
    authorId: trustUserId(author),
    createdAtSeconds: Math.floor(createdAtMs / 1000),
    replyToPostId: replyToPostId === '' ? null : trustPostId(replyToPostId),
    replyToUserId: null,
    repostOfPostId: repostOf === undefined ? null : trustPostId(repostOf.id),
    repostOfUserId: repostOf === undefined ? null : trustUserId(repostOf.author),
    conversationId: replyToPostId === '' ? null : trustPostId(replyToPostId),
    hasVideo: false,
    version: 0n,
  })
}

type Overrides = Partial<Omit<ServerDependencies, 'config'>> & {
  readonly config?: Partial<ServerDependencies['config']>
}

/** Starts it; `overrides` may stand in for single dependencies. */
export async function startSmallGateway(overrides: Overrides = {}): Promise<SmallGateway> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'homefeed-small-'))
  const database = await createDatabase({ databaseUrl: null, dataDirectory })
  await migrate(database)
  const thunder = new PostStore(systemNowMs)
  await fill(database, thunder)
  const gateway = await serve({ database, thunder }, overrides)
  return {
    ...gateway,
    async close() {
      await gateway.close()
      await database.close()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** Another gateway over the same world. */
export async function serve(
  { database, thunder }: Pick<SmallGateway, 'database' | 'thunder'>,
  overrides: Overrides = {},
): Promise<SmallGateway> {
  const logLines: string[] = []
  // Nothing listens there: both services are down, and the feed says so.
  const toChannel = (service: PhoenixService) =>
    new GrpcChannel({ service, address: '127.0.0.1:9', nowMs: systemNowMs })
  const channels = [toChannel('phoenix-retrieval'), toChannel('phoenix-ranking')] as const
  const telemetry = new Telemetry({ stages: STAGES })
  const viewerStore = createViewerStore(database)
  const { prompts = createPrompts([]) } = overrides
  const retrieval = new GrpcRetrievalClient(channels[0])
  const homeFeed = createHomeFeed({
    viewerStore,
    thunder,
    retrieval,
    embeddings: retrieval,
    popular: createPopularPosts(database, POPULAR_PARAMS),
    modules: createModuleStore(database),
    prompts,
    topics: createTopicStore(database, TOPIC_PARAMS),
    ranking: new GrpcRankingClient(channels[1]),
    countsCache: new AgedCache({ entriesMax: 1_000 }),
    safetyMemory: createSafetyMemory({ now: systemNowMs }),
    requestCache: new RequestCache({ ...REQUEST_CACHE_PARAMS, now: systemNowMs }),
    requestLog: { write: async () => undefined },
    candidateCache: new InProcessCandidateCache({ postsMax: 1_000, now: systemNowMs }),
    budgetMs: 5_000,
    now: systemNowMs,
  })
  const server = await createServer({
    cursorKeys: [CURSOR_KEY],
    homeFeed,
    viewerStore,
    prompts,
    createLoaders: () => createLoaders(database, systemNowMs()),
    personas: [{ userId: VIEWER, handle: 'ada', name: 'Ada', sentence: 'Posts of five people.' }],
    healthChecks: [],
    telemetry,
    logger: createLogger({ now: systemNowMs, write: (line) => logLines.push(line) }),
    now: systemNowMs,
    requestTimeoutMs: 10_000,
    ...overrides,
    config: {
      host: '127.0.0.1',
      port: 0,
      jwtSecret: null,
      isDevelopment: true,
      corsOrigins: ['http://localhost:3000'],
      ...overrides.config,
    },
  })
  const { url } = await server.listen()
  return {
    url,
    database,
    thunder,
    logLines,
    ask: (query, options) => ask(url, query, options),
    async close() {
      await server.close()
      await homeFeed.drain()
      for (const channel of channels) channel.close()
      telemetry.close()
    },
  }
}

async function ask(
  url: string,
  query: string,
  { headers = { 'x-viewer-id': VIEWER }, variables = {} }: AskOptions = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as GraphqlAnswer
}
