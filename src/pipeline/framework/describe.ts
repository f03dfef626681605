import type { CandidatePipeline } from './candidate-pipeline.ts'
import type { FailurePolicy, Stage } from './component.ts'
import { SIDE_EFFECT_TIMEOUT_MS } from './side-effect-queue.ts'

/** One component as a row of the pipeline's table. */
export interface ComponentDescription {
  readonly stage: Stage
  readonly name: string
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly failurePolicy: FailurePolicy
  /** The most that is waited for it, in ms; null for filters and selectors, which only compute. */
  readonly budgetMs: number | null
  readonly params: Readonly<Record<string, unknown>>
}

/** Every component of a pipeline in run order. */
export function describe<Q extends object, C extends object>(
  pipeline: Pick<CandidatePipeline<Q, C>, 'stages' | 'budgetMs'>,
): readonly ComponentDescription[] {
  return pipeline.stages.flatMap(({ stage, components }) =>
    components.map((component) => ({
      stage,
      name: component.name,
      reads: (component.reads ?? []).map(String),
      writes: (component.writes ?? []).map(String),
      failurePolicy: component.failurePolicy ?? 'fail-open',
      budgetMs: budgetMsOf(stage, component.timeoutMs, pipeline.budgetMs),
      params: component.params ?? {},
    })),
  )
}

const COLUMNS = ['stage', 'name', 'reads', 'writes', 'policy', 'budget', 'params']

/** The same as a table of text, one line a component, columns aligned, no trailing spaces. */
export function renderDescription(rows: readonly ComponentDescription[]): string {
  const lines = [COLUMNS, ...rows.map(toCells)]
  const widths = COLUMNS.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function toCells(row: ComponentDescription): string[] {
  return [
    row.stage,
    row.name,
    row.reads.join(' ') || '-',
    row.writes.join(' ') || '-',
    row.failurePolicy,
    row.budgetMs === null ? '-' : `${row.budgetMs} ms`,
    Object.entries(row.params)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(' ') || '-',
  ]
}

function budgetMsOf(
  stage: Stage,
  timeoutMs: number | undefined,
  pipelineBudgetMs: number,
): number | null {
  switch (stage) {
    case 'filter':
    case 'post-selection-filter':
    case 'selector':
      return null
    case 'side-effect':
      return timeoutMs ?? SIDE_EFFECT_TIMEOUT_MS
    default:
      return Math.min(timeoutMs ?? Infinity, pipelineBudgetMs)
  }
}
