/** `npm run describe [-- --json]`: the feed's two pipelines as tables, from the running code. */
import { AgedCache } from '../src/pipeline/framework/aged-cache.ts'
import { describe, renderDescription } from '../src/pipeline/framework/describe.ts'
import { createForYouPipeline } from '../src/pipeline/blending/for-you.pipeline.ts'
import { createPrompts } from '../src/pipeline/blending/prompts.ts'
import { createHomeFeedPipeline } from '../src/pipeline/home-feed.pipeline.ts'
import type { HomeFeedDependencies } from '../src/pipeline/home-feed.dependencies.ts'
import { COUNTS_CACHE_PARAMS, REQUEST_CACHE_PARAMS } from '../src/pipeline/process.params.ts'
import { RequestCache } from '../src/pipeline/request-cache.ts'
import { createSafetyMemory } from '../src/pipeline/safety-memory.ts'
import { systemNowMs as now } from '../src/clock.ts'

/** Describing asks nobody: these only have to be there. */
function nobody(): never {
  throw new Error('describe asks no service')
}

const dependencies: HomeFeedDependencies = {
  viewerStore: {
    actionSequence: nobody,
    followedIds: nobody,
    followersAmong: nobody,
    relations: nobody,
    seen: nobody,
    servedHistory: nobody,
  },
  thunder: { recentPosts: nobody },
  retrieval: { retrieve: nobody },
  ranking: { rank: nobody },
  embeddings: { embed: nobody },
  popular: { popularPosts: nobody },
  modules: { moduleHistory: nobody, suggestedAccounts: nobody },
  prompts: createPrompts([]),
  countsCache: new AgedCache(COUNTS_CACHE_PARAMS),
  topics: { topics: nobody, recentPostIds: nobody },
  safetyMemory: createSafetyMemory({ now }),
  requestCache: new RequestCache({ ...REQUEST_CACHE_PARAMS, now }),
  requestLog: { write: nobody },
  candidateCache: { get: nobody, put: nobody },
  now,
}

const pipelines = [
  createForYouPipeline({ ...dependencies, promoted: null }),
  createHomeFeedPipeline(dependencies),
]
const tables = pipelines.map((pipeline) => ({ name: pipeline.name, rows: describe(pipeline) }))
const asJson = process.argv.includes('--json')
const text = asJson
  ? JSON.stringify(
      tables.flatMap(({ name, rows }) => rows.map((row) => ({ pipeline: name, ...row }))),
      null,
      2,
    )
  : tables.map(({ name, rows }) => `${name}\n${renderDescription(rows)}`).join('\n\n')
process.stdout.write(`${text}\n`)
