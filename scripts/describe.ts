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

const homeFeed = createHomeFeedPipeline(dependencies)
const { rows, others } = nameParams(describe(homeFeed))
const rules = readSwitchRules(homeFeed.stages)
const outer = describe(createForYouPipeline({ ...dependencies, promoted: null }))
if (process.argv.includes('--json')) {
  const switched = rows.map((row) => ({
    pipeline: 'home-feed',
    ...row,
    switchable: rules.get(row.name) === null,
  }))
  const fixed = outer.map((row) => ({ pipeline: 'for-you', ...row, switchable: false }))
  process.stdout.write(`${JSON.stringify([...fixed, ...switched], null, 2)}\n`)
} else {
  const fixed = [...rules].filter(([, reason]) => reason !== null).map(([name]) => name)
  const rest = [...others].map(([name, value]) => `${name}=${String(value)}`)
  process.stdout.write(`for-you
${renderDescription(outer)}

home-feed
${renderDescription(rows)}

Parameters beside the rows: ${rest.join(' ')}
A request may change each of these by name (context.parameters, ADMIN), and switch rows off by
components.NAME=off, but for those that decide who may see what: ${fixed.join(' ')}
`)
}
