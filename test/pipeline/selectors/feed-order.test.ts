import { expect, it } from 'vitest'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { feedOrderOf } from '../../../src/pipeline/selectors/feed-order.ts'
import { postId } from '../home-feed-fixtures.ts'

type Ordered = Pick<PostCandidate, 'id' | 'createdAtMs' | 'score' | 'scoredBy'>

const ranked = (id: number, score: number | undefined, more: Partial<Ordered> = {}): Ordered => ({
  id: postId(id),
  score,
  scoredBy: 'phoenix',
  createdAtMs: 0,
  ...more,
})

it('orders by who scored, score, time and id', () => {
  const candidates = [
    ranked(1, undefined, { scoredBy: undefined }),
    ranked(2, 9, { scoredBy: 'fallback' }),
    ranked(3, 0.1),
    ranked(4, 0.5, { createdAtMs: 1 }),
    ranked(5, 0.5, { createdAtMs: 2 }),
    ranked(99, 0.2),
    ranked(100, 0.2),
    ranked(7, Number.NaN),
    ranked(8, -3),
  ]
  const ids = feedOrderOf(candidates, ({ score }) => score).map((place) => candidates[place]?.id)
  expect(ids).toEqual([5, 4, 100, 99, 3, 8, 7, 2, 1].map(postId))
})

it('goes by the score that it is told', () => {
  const candidates = [ranked(1, 1), ranked(2, 2)]
  expect(feedOrderOf(candidates, ({ score = 0 }) => -score)).toEqual([0, 1])
})
