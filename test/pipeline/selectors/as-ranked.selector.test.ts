import { expect, it } from 'vitest'
import { asRankedSelector } from '../../../src/pipeline/selectors/as-ranked.selector.ts'
import { candidate, filledQuery, post } from '../home-feed-fixtures.ts'

it('takes all as they come, whatever their scores', () => {
  const list = [candidate(post(1, 10), { score: 1 }), candidate(post(2, 10), { score: 2 })]
  const query = { ...filledQuery(), ranked: list }
  expect(asRankedSelector().select(query, list)).toEqual({ selected: list, nonSelected: [] })
})
