import { expect, it } from 'vitest'
import { fallbackScorer } from '../../../src/pipeline/scorers/fallback.scorer.ts'
import type { AggregatedAction } from '../../../src/phoenix/action-sequence.ts'
import type { EngagementCounts } from '../../../src/store/records.ts'
import {
  candidate,
  filledQuery,
  HOUR_MS,
  NOW_MS,
  post,
  postId,
  stageContext,
  userId,
} from '../home-feed-fixtures.ts'

const DAY_MS = 24 * HOUR_MS
// Made in each test, so that mutation testing knows which tests see it.
const createScorer = () =>
  fallbackScorer({ halfLifeMs: 6 * HOUR_MS, affinityWindowMs: 28 * DAY_MS })
const { context } = stageContext()
const fresh = post(100, 10, { createdAtMs: NOW_MS })

const acted = (actionIndexes: readonly number[], ageMs: number): AggregatedAction => ({
  postId: postId(90),
  authorId: userId(10),
  actionIndexes,
  dwellSeconds: 0,
  surface: 0,
  actedAtMs: NOW_MS - ageMs,
  postCreatedAtMs: 0,
})

it.each<[string, number, AggregatedAction[], EngagementCounts | null, number]>([
  ['a fresh post of a stranger', 0, [], null, 1],
  ['six hours later', 6 * HOUR_MS, [], null, 0.5],
  ['from the future', -HOUR_MS, [], null, 1],
  ['two actions with the author', 0, [acted([0, 1], DAY_MS)], null, 1 + Math.log(3)],
  ['actions of long ago and refusals', 0, [acted([0], 29 * DAY_MS), acted([15, 17], 0)], null, 1],
  [
    'engagements',
    0,
    [],
    { likes: 3, replies: 1, reposts: 2, views: 0, quotes: 50 },
    1 + Math.log(1 + 3 + 2 + 4),
  ],
])(
  'scores by recency x affinity x counts: %s',
  async (_title, ...[ageMs, actions, counts, score]) => {
    const each = candidate({ ...fresh, createdAtMs: NOW_MS - ageMs }, { engagementCounts: counts })
    const patches = await createScorer().score(
      filledQuery({ actionSequence: actions }),
      [each],
      context,
    )
    const value = expect.closeTo(score, 12)
    expect(patches).toEqual([{ weightedScore: value, scoredBy: 'fallback', score: value }])
  },
)

it('leaves what the model scored alone, and works without a history', async () => {
  const scored = candidate(fresh, { weightedScore: 0.2, scoredBy: 'phoenix' })
  const query = filledQuery({ actionSequence: undefined })
  expect(await createScorer().score(query, [scored, candidate(fresh)], context)).toEqual([
    { weightedScore: 0.2, scoredBy: 'phoenix', score: 0.2 },
    { weightedScore: 1, scoredBy: 'fallback', score: 1 },
  ])
})
