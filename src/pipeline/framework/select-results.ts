import type { Removed } from './component.ts'
import type { PipelineConfig } from './pipeline-config.ts'
import type { RequestRun } from './request-run.ts'
import { runFilters } from './run-filters.ts'
import { runHydrators } from './run-hydrators.ts'
import { runSelector } from './run-selector.ts'

/** Ranked candidates on their way to an answer. */
export interface ResultStages<Q, C> {
  readonly query: Readonly<Q>
  readonly candidates: readonly C[]
  /** Takes what the post-selection filters remove. */
  readonly removed: Removed<C>[]
}

/** The answer's list and everything ranked that is not in it. */
export interface Results<C> {
  readonly selected: C[]
  /** What back-fill left of the reserve, then what was cut off. */
  readonly nonSelected: readonly C[]
}

/**
 * Selector, post-selection stages, back-fill and cut. While posts are missing, the next of the
 * reserve pass the same post-selection components: a batch is hydrated alone, the filters see all
 * that are kept, so that rules over the whole list hold. It ends with the reserve, with the
 * request's time, and when a hydrator fails without which the filters cannot judge.
 */
export async function selectResults<Q extends object, C extends object>(
  run: RequestRun,
  config: PipelineConfig<Q, C>,
  { query, candidates, removed }: ResultStages<Q, C>,
): Promise<Results<C>> {
  const size = resultSizeOf(config, query)
  const selection = runSelector(run, { component: config.selector, query, candidates })
  const reserve = selection.nonSelected
  let kept: readonly C[] = []
  const take = async (batch: readonly C[]): Promise<boolean> => {
    const missed = await runHydrators(run, {
      stage: 'post-selection-hydrator',
      components: config.postSelectionHydrators,
      query,
      candidates: batch,
    })
    run.scope.signal.throwIfAborted()
    kept = runFilters(run, {
      stage: 'post-selection-filter',
      components: config.postSelectionFilters,
      query,
      candidates: kept.length === 0 ? batch : [...kept, ...batch],
      removed,
    })
    return !missed
  }
  let goOn = (await take(selection.selected)) && config.backFills !== false
  let taken = 0
  let batchSize = 0
  while (goOn && kept.length < size && taken < reserve.length && hasTime(run)) {
    run.round++
    batchSize = nextBatchSize(size - kept.length, batchSize)
    const batch = reserve.slice(taken, taken + batchSize)
    taken += batch.length
    goOn = await take(batch)
  }
  return {
    selected: kept.slice(0, size),
    nonSelected: [...reserve.slice(taken), ...kept.slice(size)],
  }
}

/**
 * As many as are missing, and at least twice as many as the batch before: a reserve of which much
 * is hidden costs a few rounds, each with statements of its own, and not one a post.
 */
function nextBatchSize(missing: number, lastBatchSize: number): number {
  return Math.max(missing, lastBatchSize * 2)
}

function hasTime({ scope }: RequestRun): boolean {
  return scope.now() < scope.deadlineMs
}

function resultSizeOf<Q extends object, C extends object>(
  config: PipelineConfig<Q, C>,
  query: Readonly<Q>,
): number {
  const size = config.resultSize(query)
  if (Number.isInteger(size) && size >= 0) return size
  throw new RangeError(
    `pipeline ${config.name}: resultSize must answer an integer from 0, got ${size}`,
  )
}
