import type { AnyFilter } from '../../src/pipeline/framework/component.ts'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { NOW_MS } from './home-feed-fixtures.ts'

/** What a filter says to each: `true`, `false` or the detail, in order. */
export function judge(
  filter: AnyFilter<HomeFeedQuery, PostCandidate>,
  query: HomeFeedQuery,
  candidates: readonly PostCandidate[],
): readonly (boolean | string)[] {
  return candidates.map(filter.keep(query, candidates, { nowMs: NOW_MS }))
}

/** What it says to one alone. */
export function judgeOne(
  filter: AnyFilter<HomeFeedQuery, PostCandidate>,
  query: HomeFeedQuery,
  candidate: PostCandidate,
): boolean | string | undefined {
  return judge(filter, query, [candidate])[0]
}
