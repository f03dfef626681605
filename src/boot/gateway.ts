import type { Config } from '../config.ts'
import type { Experiments } from '../experiments/experiments.ts'
import type { Persona } from '../http/graphiql.ts'
import type { HealthCheck } from '../http/readiness.ts'
import { GrpcChannel } from '../phoenix/grpc-channel.ts'
import { GrpcRankingClient } from '../phoenix/grpc-ranking-client.ts'
import { GrpcRetrievalClient } from '../phoenix/grpc-retrieval-client.ts'
import type { CallOptions } from '../phoenix/retrieval-client.ts'
import type { RankingClient } from '../phoenix/ranking-client.ts'
import { SampledRankingClient, type TokenSample } from '../phoenix/sampled-ranking-client.ts'
import { STAGES } from '../pipeline/framework/component.ts'
import { createHomeFeed } from '../pipeline/home-feed.ts'
import { SEARCH_TEXT_PARAMS } from '../pipeline/process.params.ts'
import type { Prompts } from '../pipeline/blending/prompts.ts'
import { SearchTexts } from '../pipeline/muted-keywords/search-text.ts'
import type { AuthorLists } from '../pipeline/visibility/author-lists.ts'
import { topicGroupsOf } from '../pipeline/topics/topic-tree.ts'
import { createServer } from '../server.ts'
import { AUTHOR_SERVED_PARAMS, AuthorServed } from '../store/author-served.ts'
import { createLoaders } from '../store/create-loaders.ts'
import { createViewerStore } from '../store/create-viewer-store.ts'
import type { Database } from '../store/database.ts'
import { addTopics } from '../store/topic-store.ts'
import { TokenSampleFile } from '../store/training-log/token-sample-file.ts'
import { describeError, Telemetry, type Logger } from '../telemetry.ts'
import { startEventFlow, type EventFlow } from './event-flow.ts'
import { addEventGauges } from './event-gauges.ts'
import type { PhoenixServices } from './phoenix-services.ts'
import {
  openCandidateCache,
  openRequestLog,
  toHomeFeedDependencies,
} from './home-feed-dependencies.ts'
import { runTimedStep, say } from './progress.ts'
import { warmUp } from './warm-up.ts'

export interface GatewayOptions {
  readonly config: Config
  readonly cursorKeys: readonly string[]
  readonly database: Database
  readonly phoenix: PhoenixServices
  readonly personas: readonly Persona[]
  readonly prompts: Prompts
  readonly experiments: Experiments
  readonly authorLists: AuthorLists
  readonly logger: Logger
  readonly nowMs: () => number
}

export interface Gateway {
  readonly url: string
  /** To be told of rows that the demo world's catching up wrote. */
  readonly events: EventFlow
  close(): Promise<void>
}

/** A little less than readiness waits for. */
const STATUS_MS_MAX = 400

function statusCall(nowMs: () => number): CallOptions {
  return { signal: AbortSignal.timeout(STATUS_MS_MAX), deadlineMs: nowMs() + STATUS_MS_MAX }
}

function healthChecks(
  { database, nowMs }: GatewayOptions,
  parts: {
    readonly events: EventFlow
    readonly retrieval: GrpcRetrievalClient
    readonly ranking: GrpcRankingClient
  },
): readonly HealthCheck[] {
  const { events, retrieval, ranking } = parts
  let isCaughtUp = false
  events.caughtUp.then(
    () => (isCaughtUp = true),
    () => undefined,
  )
  return [
    {
      name: 'database',
      gates: 'always',
      async check() {
        await database.kysely.selectFrom('demo_world').select('seed').execute()
        return { engine: database.engine }
      },
    },
    {
      name: 'event-log',
      gates: 'first-start',
      async check() {
        const { fills, isFilled, indexSize } = events.feeder.stats()
        const index = { ...events.feeder.progress(), fills, isFilled, posts: indexSize }
        const details = { thunder: events.consumer.progress(), index }
        if (!isCaughtUp) throw new Error(`catching up: ${JSON.stringify(details)}`)
        const asOf = new Date(events.consumer.asOfMs()).toISOString()
        // The gateway stays ready: answers say STALE_GRAPH.
        if (events.isStale()) throw new Error(`nothing was heard of the log since ${asOf}`)
        const lag = events.consumer.lag().reduce((sum, { records }) => sum + records, 0)
        return { ...details, ...events.thunder.stats(), asOf, lag }
      },
    },
    {
      name: 'phoenix-retrieval',
      gates: 'first-start',
      check: async () => ({ ...(await retrieval.status(statusCall(nowMs))) }),
    },
    {
      name: 'phoenix-ranking',
      gates: 'first-start',
      check: async () => ({ ...(await ranking.status(statusCall(nowMs))) }),
    },
  ]
}

/** The ranker, whose requests are kept for a comparison with training when a setting asks. */
function withTokenSamples(
  ranking: RankingClient,
  { config, telemetry }: { readonly config: Config; readonly telemetry: Telemetry },
): { readonly ranking: RankingClient; readonly samples: TokenSampleFile | null } {
  const { tokenSampleRate: rate, trainingLogDirectory } = config
  if (rate === 0) return { ranking, samples: null }
  const samples = new TokenSampleFile(trainingLogDirectory)
  telemetry.gauge(
    'homefeed_token_samples_dropped',
    'Sampled ranking requests that could not be written since the start.',
    () => samples.stats().dropped,
  )
  const keep = (sample: TokenSample) => samples.add(sample)
  return { ranking: new SampledRankingClient({ ranking, rate, keep }), samples }
}

function openChannels({ retrievalAddress, rankingAddress }: PhoenixServices, nowMs: () => number) {
  return {
    retrieval: new GrpcChannel({ service: 'phoenix-retrieval', address: retrievalAddress, nowMs }),
    ranking: new GrpcChannel({ service: 'phoenix-ranking', address: rankingAddress, nowMs }),
  }
}

function openTelemetry(database: Database, events: EventFlow): Telemetry {
  const telemetry = new Telemetry({ stages: STAGES })
  telemetry.gauge(
    'homefeed_database_statements_total',
    'Statements sent to the database since the start.',
    () => database.statementCount(),
  )
  addEventGauges(telemetry, events)
  return telemetry
}

/** Builds every concrete part, catches up with the event log, and listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, database, phoenix, logger, nowMs } = options
  const channels = openChannels(phoenix, nowMs)
  const retrieval = new GrpcRetrievalClient(channels.retrieval)
  const ranking = new GrpcRankingClient(channels.ranking)
  const events = await runTimedStep('Event log: open', () =>
    startEventFlow({ ...config, database, retrieval, logger, nowMs }),
  )
  await runTimedStep('Event log: read by Thunder and the retrieval index', () => events.caughtUp)
  const telemetry = openTelemetry(database, events)
  const viewerStore = createViewerStore(database)
  const searchTexts = new SearchTexts(SEARCH_TEXT_PARAMS)
  await addTopics(database, topicGroupsOf)
  const sampled = withTokenSamples(ranking, { config, telemetry })
  const homeFeed = createHomeFeed(
    toHomeFeedDependencies({
      ...options,
      viewerStore,
      events,
      retrieval,
      ranking: sampled.ranking,
      searchTexts,
      requestLog: openRequestLog(config.dataDirectory, nowMs),
      candidateCache: openCandidateCache(telemetry, nowMs),
    }),
  )
  const authorServed = openAuthorServed(options, telemetry)
  const createRequestLoaders = () => createLoaders(database, nowMs(), events.postFacts)
  await runTimedStep('Feed: warmed up', () =>
    warmUp(homeFeed, { ...options, createLoaders: createRequestLoaders }),
  )
  const server = await createServer({
    ...options,
    homeFeed,
    viewerStore,
    createLoaders: createRequestLoaders,
    searchTexts,
    healthChecks: healthChecks(options, { events, retrieval, ranking }),
    telemetry,
    onServed: (record) => authorServed.add(record),
    now: nowMs,
  })
  const { url } = await server.listen()
  say(`Listening on ${url}`)
  return {
    url,
    events,
    async close() {
      await server.close()
      await homeFeed.drain()
      await authorServed.close()
      await sampled.samples?.close()
      await events.close()
      channels.retrieval.close()
      channels.ranking.close()
      telemetry.close()
    },
  }
}

/** Whose posts are served, and how many impressions clients should report of them. */
function openAuthorServed(
  { database, nowMs, logger }: GatewayOptions,
  telemetry: Telemetry,
): AuthorServed {
  const authorServed = new AuthorServed({
    ...AUTHOR_SERVED_PARAMS,
    database,
    nowMs,
    onFailure: (error) => logger.warn('author_served_not_written', { error: describeError(error) }),
  })
  telemetry.gauges(
    {
      name: 'homefeed_impressions_expected',
      help: 'Posts that pages returned since the start: what clients should report, by source.',
      labelNames: ['source'],
    },
    () =>
      Object.entries(authorServed.stats().served).map(([source, value]) => ({
        labels: { source },
        value,
      })),
  )
  return authorServed
}
