/** `npm run describe [-- --json]`: the home feed's pipeline as a table, from the running code. */
import { AgedCache } from '../src/pipeline/framework/aged-cache.ts'
import { describe, renderDescription } from '../src/pipeline/framework/describe.ts'
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
  countsCache: new AgedCache(COUNTS_CACHE_PARAMS),
  topics: { topics: nobody, recentPostIds: nobody },
  safetyMemory: createSafetyMemory({ now }),
  requestCache: new RequestCache({ ...REQUEST_CACHE_PARAMS, now }),
  requestLog: { write: nobody },
  candidateCache: { get: nobody, put: nobody },
  now,
}

const rows = describe(createHomeFeedPipeline(dependencies))
const asJson = process.argv.includes('--json')
process.stdout.write(asJson ? `${JSON.stringify(rows, null, 2)}\n` : `${renderDescription(rows)}\n`)
