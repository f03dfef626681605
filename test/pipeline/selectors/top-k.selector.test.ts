import { expect, it } from 'vitest'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { topKSelector } from '../../../src/pipeline/selectors/top-k.selector.ts'
import { candidate, filledQuery, NOW_MS, post } from '../home-feed-fixtures.ts'

const at = (id: number, createdAtMs: number, more: Partial<PostCandidate>) =>
  candidate(post(id, 10, { createdAtMs }), { scoredBy: 'phoenix', ...more })

it('orders by the model before the fallback, then score, then newest, then larger id', () => {
  const list = [
    candidate(post(1, 10)),
    at(2, NOW_MS, { score: 100, scoredBy: 'fallback' }),
    at(3, NOW_MS, { score: Number.NaN }),
    at(4, NOW_MS, { score: 0.001 }),
    at(5, NOW_MS - 1, { score: 0.5 }),
    at(6, NOW_MS, { score: 0.5 }),
    at(10, NOW_MS - 1, { score: 0.5 }),
  ]
  const selector = topKSelector({ overSelectionFactor: 1 })
  const { selected } = selector.select(filledQuery(), list)
  expect(selected.map(({ id }) => id)).toEqual(['6', '10', '5', '4', '3', '2', '1'])
})

it('selects a little more than the slate; the rest is the reserve, in order', () => {
  const list = [1, 2, 3, 4, 5, 6].map((id) => at(id, NOW_MS, { score: id }))
  const selector = topKSelector({ overSelectionFactor: 1.5 })
  const { selected, nonSelected } = selector.select(filledQuery({ slateSize: 2 }), list)
  expect(selected.map(({ id }) => id)).toEqual(['6', '5', '4'])
  expect(nonSelected.map(({ id }) => id)).toEqual(['3', '2', '1'])
})
