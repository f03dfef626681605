import { keepRequestsYoung } from '../../src/boot/keep-requests-young.ts'
keepRequestsYoung()
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { NOW_MS } from '../pipeline/home-feed-fixtures.ts'
import { cpuMs, percentile } from './harness.ts'
import { createBenchDependencies, createBenchQuery } from './pipeline-world.ts'
const startMs = performance.now()
const now = () => NOW_MS + performance.now() - startMs
const pipeline = createHomeFeedPipeline({ ...createBenchDependencies(now), budgetMs: 60_000 })
const { signal } = new AbortController()
const runs = Number(process.argv[2] ?? 1200)
const t: number[] = []
for (let i = 0; i < runs; i++) {
  const query = createBenchQuery()
  const a = cpuMs()
  await pipeline.execute(query, { requestId: 'b', nowMs: NOW_MS, signal, now })
  await pipeline.drain()
  t.push(cpuMs() - a)
}
for (let i = 0; i < runs; i += 200) {
  const s = t.slice(i, i + 200).sort((a, b) => a - b)
  console.log(i, 'p10', percentile(s, 0.1), 'p50', percentile(s, 0.5), 'p90', percentile(s, 0.9), 'mean', (s.reduce((a, b) => a + b) / s.length).toFixed(2))
}
