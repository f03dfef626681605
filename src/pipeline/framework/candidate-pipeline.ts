import type { Removed } from './component.ts'
import { checkPipeline } from './check-pipeline.ts'
import { toBreach } from './component-error.ts'
import { listStages } from './pipeline-config.ts'
import type { PipelineConfig, StageListing } from './pipeline-config.ts'
import { RequestRun } from './request-run.ts'
import type { ComponentReport, Degraded, RequestScope } from './request-run.ts'
import { runFilters } from './run-filters.ts'
import { runHydrators, runScorers } from './run-hydrators.ts'
import { runQueryHydrators } from './run-query-hydrators.ts'
import { runSources } from './run-sources.ts'
import { selectResults } from './select-results.ts'
import { SideEffectQueue } from './side-effect-queue.ts'
import type { SideEffectCounts } from './side-effect-queue.ts'

const SIDE_EFFECT_BATCHES_MAX = 100

/** What comes with one request. */
export interface PipelineRequest {
  readonly requestId: string
  /** The time that components go by, epoch ms. */
  readonly nowMs: number
  /** Aborts when nobody waits for the answer; not a deadline. */
  readonly signal: AbortSignal
  /** By the clock of `now`; the pipeline's own budget, from the start, is the other limit. */
  readonly deadlineMs?: number
  /** Measures deadlines and durations, in ms. */
  now(): number
}

/** A finished request. */
export interface PipelineResult<Q, C> {
  /** With what the query hydrators filled; a copy of the one that came in. */
  readonly query: Readonly<Q>
  readonly selected: readonly C[]
  /** Ranked but not in the answer: the rest of the reserve, then what was cut off. */
  readonly nonSelected: readonly C[]
  /** By filters in run order, then by post-selection filters. */
  readonly removed: readonly Removed<C>[]
  /** In which ways the answer is worse than it should be; empty is well. */
  readonly degraded: readonly Degraded[]
  readonly components: readonly ComponentReport[]
  /** Candidates after the merge. */
  readonly retrievedCount: number
  readonly durationMs: number
}

/** Built once, used for all requests, at the same time too. */
export interface CandidatePipeline<Q extends object, C extends object> {
  readonly name: string
  readonly budgetMs: number
  readonly stages: readonly StageListing<Q>[]
  /**
   * Answers within the smaller of deadline and budget, or a little after (the last filters only
   * compute). Rejects only when a `fail-closed` filter, the selector, `resultSize` or `finalize`
   * throws, with `OverloadedError` when the admission gate refuses, or with the signal's reason
   * when it aborts; every other failure is in `degraded`.
   * Side effects start after the answer.
   */
  execute(query: Q, request: PipelineRequest): Promise<PipelineResult<Q, C>>
  sideEffectCounts(): SideEffectCounts
  /** Waits for the side effects under way: at shutdown, in tests. */
  drain(): Promise<void>
}

/**
 * Builds a pipeline of one object literal.
 *
 * @throws Error that names the component at fault: two of one name, two owners of a key in one
 * parallel stage, a key that is read before anybody writes it, `replace` without a replacement.
 */
export function createCandidatePipeline<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
): CandidatePipeline<Q, C> {
  checkPipeline(config)
  const queue = new SideEffectQueue({
    sideEffects: config.sideEffects,
    batchesMax: config.sideEffectBatchesMax ?? SIDE_EFFECT_BATCHES_MAX,
  })
  return {
    name: config.name,
    budgetMs: config.budgetMs,
    stages: listStages(config),
    async execute(query, request) {
      request.signal.throwIfAborted()
      const scope = toScope(config, request)
      const result = await runStages(config, scope, query)
      queue.start(scope, result)
      return result
    },
    sideEffectCounts: () => queue.counts(),
    drain: () => queue.drain(),
  }
}

function toScope(
  { name, budgetMs }: { readonly name: string; readonly budgetMs: number },
  { requestId, nowMs, signal, deadlineMs, now }: PipelineRequest,
): RequestScope {
  return {
    pipeline: name,
    requestId,
    nowMs,
    signal,
    deadlineMs: Math.min(deadlineMs ?? Infinity, now() + budgetMs),
    now,
  }
}

async function runStages<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
  scope: RequestScope,
  ask: Q,
): Promise<PipelineResult<Q, C>> {
  const startMs = scope.now()
  const run = new RequestRun(scope)
  // A copy: the caller's query stays as it was, frozen or not.
  const query = { ...ask }
  const { candidates, ranked, removed } = await gather(run, config, query)
  await runScorers(run, {
    stage: 'scorer',
    components: config.scorers,
    query,
    candidates: ranked,
  })
  const results = await selectResults(run, config, { query, candidates: ranked, removed })
  finalize(config, query, results.selected)
  return {
    query,
    selected: results.selected,
    nonSelected: results.nonSelected,
    removed,
    degraded: run.degraded(),
    components: run.reports(),
    retrievedCount: candidates.length,
    durationMs: scope.now() - startMs,
  }
}

interface Gathered<C> {
  readonly candidates: readonly C[]
  readonly ranked: readonly C[]
  readonly removed: Removed<C>[]
}

/** Everything up to the filters, behind the admission gate. */
async function gather<Q extends object, C extends object>(
  run: RequestRun,
  config: PipelineConfig<Q, C>,
  query: Q,
): Promise<Gathered<C>> {
  const leave = await config.admission?.enter(run.scope.signal)
  try {
    await hydrateQuery(run, config, query)
    const candidates = await runSources(run, {
      components: config.sources,
      merge: config.merge,
      query,
    })
    run.scope.signal.throwIfAborted()
    await runHydrators(run, { stage: 'hydrator', components: config.hydrators, query, candidates })
    run.scope.signal.throwIfAborted()
    const removed: Removed<C>[] = []
    const ranked = runFilters(run, {
      stage: 'filter',
      components: config.filters,
      query,
      candidates,
      removed,
    })
    return { candidates, ranked, removed }
  } finally {
    leave?.()
  }
}

async function hydrateQuery<Q extends object, C extends object>(
  run: RequestRun,
  config: PipelineConfig<Q, C>,
  query: Q,
): Promise<void> {
  const stages = [
    { stage: 'query-hydrator', components: config.queryHydrators },
    { stage: 'dependent-query-hydrator', components: config.dependentQueryHydrators },
  ] as const
  for (const { stage, components } of stages) {
    await runQueryHydrators(run, { stage, components, query })
    run.scope.signal.throwIfAborted()
  }
}

function finalize<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
  query: Q,
  selected: C[],
): void {
  const answer: unknown = config.finalize?.(query, selected)
  if (answer !== undefined) {
    throw toBreach(
      `pipeline ${config.name}: finalize must be synchronous and answer nothing`,
      answer,
    )
  }
}
