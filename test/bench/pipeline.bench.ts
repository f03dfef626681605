/**
 * CPU time of one ranking without model and database: 1,500 candidates through the home feed's own
 * table, every row on. The peer runs the same rows as plain loops, without the framework. Then one
 * line a row, each run alone on what it got: its reads are its own there, while in a request the
 * rows share them, so the lines add up to more than the whole.
 *
 *   npm run bench -- pipeline [--json]
 */
import { keepRequestsYoung } from '../../src/boot/keep-requests-young.ts'
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { NOW_MS } from '../pipeline/home-feed-fixtures.ts'
import { cpuMs, percentile, printRows, runApart, runBenchmark } from './harness.ts'
import type { Row, Sample } from './harness.ts'
import { replay } from './pipeline-replay.ts'
import {
  CANDIDATES,
  createBenchDependencies,
  createBenchLoaders,
  createBenchQuery,
  SLATE_SIZE,
} from './pipeline-world.ts'

const ROW_WARM_UPS = 40
const ROW_SAMPLES = 100

const startMs = performance.now()
/** From `NOW_MS` on, so that no deadline of the request is the machine's. */
const now = () => NOW_MS + performance.now() - startMs
const dependencies = createBenchDependencies(now)

function homeFeed(): Sample {
  const pipeline = createHomeFeedPipeline({ ...dependencies, budgetMs: 60_000 })
  const { signal } = new AbortController()
  let query = createBenchQuery()
  let answer = ''
  return {
    prepare: () => (query = createBenchQuery()),
    async run() {
      const result = await pipeline.execute(query, { requestId: 'b', nowMs: NOW_MS, signal, now })
      await pipeline.drain()
      const { degraded, retrievedCount } = result
      if (degraded.length > 0) throw new Error(`degraded: ${JSON.stringify(degraded[0])}`)
      if (retrievedCount !== CANDIDATES) throw new Error(`${retrievedCount} candidates`)
      answer = toAnswer(result.selected)
    },
    answer: () => answer,
  }
}

function plainLoops(): Sample {
  const pipeline = createHomeFeedPipeline(dependencies)
  let query = createBenchQuery()
  let answer = ''
  return {
    prepare: () => (query = createBenchQuery()),
    async run() {
      answer = toAnswer((await replay(pipeline, query, { keepsCalls: false })).selected)
    },
    answer: () => answer,
  }
}

function toAnswer(selected: readonly { readonly id: string; readonly score?: unknown }[]): string {
  if (selected.length !== SLATE_SIZE) throw new Error(`${selected.length} posts in the slate`)
  return selected.map(({ id, score }) => `${id}:${String(score)}`).join(' ')
}

/** A line for each row that ran, the dearest first. */
async function measureRows(): Promise<readonly Row[]> {
  const pipeline = createHomeFeedPipeline(dependencies)
  const { calls } = await replay(pipeline, createBenchQuery(), { keepsCalls: true })
  const rows: Row[] = []
  for (const { stage, component, in: candidates, again } of calls) {
    const timesMs: number[] = []
    for (let run = -ROW_WARM_UPS; run < ROW_SAMPLES; run += 1) {
      const loaders = createBenchLoaders()
      const before = cpuMs()
      await again(loaders)
      if (run >= 0) timesMs.push(cpuMs() - before)
    }
    timesMs.sort((a, b) => a - b)
    const p50Ms = percentile(timesMs, 0.5)
    rows.push({ benchmark: 'pipeline-row', stage, component, candidates, p50Ms })
  }
  return rows.toSorted((a, b) => Number(b['p50Ms']) - Number(a['p50Ms']))
}

// As the gateway does.
keepRequestsYoung()

const ROWS_FLAG = '--rows'
if (process.argv.includes(ROWS_FLAG)) {
  process.stdout.write(`${JSON.stringify(await measureRows())}\n`)
} else {
  await runBenchmark({
    name: 'pipeline',
    facts: { candidates: CANDIDATES, slate: SLATE_SIZE },
    peer: 'plain-loops',
    clock: 'cpu',
    warmUpRuns: 150,
    sampleRuns: 300,
    variants: { 'plain-loops': plainLoops, 'home-feed': homeFeed },
  })
  if (!process.argv.includes('--variant')) {
    const title = `pipeline-row: CPU time, ${ROW_SAMPLES} samples, each row alone`
    printRows(await runApart<readonly Row[]>([ROWS_FLAG]), title)
  }
}
