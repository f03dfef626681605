/** `npm run describe [-- --json]`: the home feed's pipeline as a table, from the running code. */
import { AgedCache } from '../src/pipeline/framework/aged-cache.ts'
import { describe, renderDescription } from '../src/pipeline/framework/describe.ts'
import { createHomeFeedPipeline } from '../src/pipeline/home-feed.pipeline.ts'
import type { HomeFeedDependencies } from '../src/pipeline/home-feed.dependencies.ts'
import { COUNTS_CACHE_PARAMS, REQUEST_CACHE_PARAMS } from '../src/pipeline/process.params.ts'
import { RequestCache } from '../src/pipeline/request-cache.ts'
import { createSafetyMemory } from '../src/pipeline/safety-memory.ts'
import { nameParams } from '../src/pipeline/params/name-params.ts'
import { readSwitchRules } from '../src/pipeline/params/switch-rules.ts'
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

const pipeline = createHomeFeedPipeline(dependencies)
const { rows, others } = nameParams(describe(pipeline))
const rules = readSwitchRules(pipeline.stages)
if (process.argv.includes('--json')) {
  const switched = rows.map((row) => ({ ...row, switchable: rules.get(row.name) === null }))
  process.stdout.write(`${JSON.stringify(switched, null, 2)}\n`)
} else {
  const fixed = [...rules].filter(([, reason]) => reason !== null).map(([name]) => name)
  const rest = [...others].map(([name, value]) => `${name}=${String(value)}`)
  process.stdout.write(`${renderDescription(rows)}

Parameters beside the rows: ${rest.join(' ')}
A request may change each of these by name (context.parameters, ADMIN), and switch rows off by
components.NAME=off, but for those that decide who may see what: ${fixed.join(' ')}
`)
}
