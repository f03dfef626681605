import { isWithheld } from './filters/withheld.ts'
import type { PipelineResult } from './framework/candidate-pipeline.ts'

/** In which ways an answer may be worse than it should be, as the schema's `Degradation`. */
export const DEGRADATIONS = [
  'CACHED_SCORES',
  'RULES_ONLY',
  'IN_NETWORK_ONLY',
  'OUT_OF_NETWORK_ONLY',
  'STALE_GRAPH',
  'SAFETY_WITHHELD',
  'ENRICHMENT_MISSING',
] as const

export type Degradation = (typeof DEGRADATIONS)[number]

export interface DegradationReport {
  /** In the order of `DEGRADATIONS`; empty = healthy. */
  readonly degradation: readonly Degradation[]
  /** What was late or failed, by name, sorted. */
  readonly degradedDependencies: readonly string[]
}

/**
 * What the components reported, and SAFETY_WITHHELD when a post could not be judged. A failed
 * component without a flag of its own counts as missing enrichment: nothing stays unsaid.
 */
export function toDegradationReport<Q, C>({
  degraded,
  removed,
}: Pick<PipelineResult<Q, C>, 'degraded' | 'removed'>): DegradationReport {
  const flags = new Set<string>(degraded.map((each) => each.degradation ?? 'ENRICHMENT_MISSING'))
  if (hasWithheld({ removed })) flags.add('SAFETY_WITHHELD')
  return {
    degradation: DEGRADATIONS.filter((flag) => flags.has(flag)),
    degradedDependencies: [
      ...new Set(degraded.flatMap(({ dependency }) => dependency ?? [])),
    ].toSorted(),
  }
}

/** Several parts of one answer: worse in every way in which one of them is. */
export function mergeDegradation(reports: readonly DegradationReport[]): DegradationReport {
  const flags = new Set(reports.flatMap(({ degradation }) => degradation))
  const dependencies = new Set(reports.flatMap((report) => report.degradedDependencies))
  return {
    degradation: DEGRADATIONS.filter((flag) => flags.has(flag)),
    degradedDependencies: [...dependencies].toSorted(),
  }
}

/** Whether a filter took out a post because it could not judge it. */
export function hasWithheld<Q, C>({ removed }: Pick<PipelineResult<Q, C>, 'removed'>): boolean {
  return removed.some(({ detail }) => isWithheld(detail))
}
