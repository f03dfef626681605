import { createSeededRandom } from '../../../src/pipeline/cold-start/seeded-random.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import {
  coldStartScorer,
  type ColdStartOptions,
} from '../../../src/pipeline/scorers/cold-start.scorer.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { candidate, filledQuery, post, stageContext, user } from '../home-feed-fixtures.ts'

export const RULES = { ...HOME_FEED_PARAMS.coldStart, random: createSeededRandom }
const NO_COUNTS = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }

export type More = Partial<PostCandidate> & { likes?: number; views?: number; followers?: number }

/** A post of an author with 5,000 followers unless said otherwise; not eligible then. */
export function scored(
  core: PostRecord,
  weightedScore: number,
  { likes, views, followers, ...more }: More = {},
) {
  return candidate(core, {
    weightedScore,
    scoredBy: 'phoenix',
    author: user(Number(core.authorId), { followersCount: followers ?? 5_000 }),
    engagementCounts: { ...NO_COUNTS, likes: likes ?? 0, views: views ?? 0 },
    ...more,
  })
}

/** Forty posts of large authors: 1.00, 0.99, 0.98 ... */
export const crowd = (count = 40) =>
  Array.from({ length: count }, (_, index) => scored(post(1_000 + index, 10), 1 - index / 100))

export const small = (id: number, weightedScore: number, more: More = {}) =>
  scored(post(id, 20), weightedScore, { followers: 1_000, views: 999, ...more })

export async function lift(
  candidates: readonly PostCandidate[],
  options: Partial<ColdStartOptions> = {},
  requestId = 'request',
) {
  const { context } = stageContext({ requestId })
  const scorer = coldStartScorer({ ...RULES, ...options })
  const patches = await scorer.score(filledQuery(), candidates, context)
  const lifted = patches.flatMap((patch, index) =>
    patch instanceof Error || patch.coldStartScore === undefined
      ? []
      : [{ id: candidates[index]?.id, score: patch.coldStartScore }],
  )
  const propensities = patches.map((patch) => (patch instanceof Error ? null : patch.propensity))
  return { patches, lifted, propensities }
}
