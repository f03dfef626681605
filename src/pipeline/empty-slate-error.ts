import { isWithheld } from './filters/withheld.ts'
import type { PipelineResult } from './framework/candidate-pipeline.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'

type Result = PipelineResult<HomeFeedQuery, PostCandidate>

/** How many posts each safety filter could not judge, by `filter: reason`. */
export function countWithheld({ removed }: Pick<Result, 'removed'>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { filter, detail } of removed) {
    if (!isWithheld(detail)) continue
    const reason = `${filter}: ${detail}`
    counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

/** Components of a request that were late or failed, with how. */
export function failedComponentsOf({ components }: Pick<Result, 'components'>): readonly string[] {
  const failed = components.flatMap(({ component, error }) =>
    error === null ? [] : [`${component} ${error.code}`],
  )
  return [...new Set(failed)]
}

/** Why nothing was left of a ranking that should have had something: for logs and rehearsals. */
export class EmptySlateError extends Error {
  override readonly name = 'EmptySlateError'
  readonly result: Result

  constructor(result: Result) {
    const withheld = Object.entries(countWithheld(result)).map(([why, count]) => `${count} ${why}`)
    const failed = failedComponentsOf(result)
    super([...withheld, ...failed].join('; ') || `nothing left of ${result.retrievedCount} posts`)
    this.result = result
  }
}
