import { expect, it } from 'vitest'
import { toScoreBreakdown } from '../../src/pipeline/score-breakdown.ts'
import { createWeightedSum } from '../../src/pipeline/scorers/weighted-sum.ts'
import { candidate, post } from './home-feed-fixtures.ts'
import { heads } from './score-fixtures.ts'

it('reproduces the final score, step by step', () => {
  const given = heads({ favorite: 0.5, reply: 0.25, report: 0.0009765625 }, 8)
  const sum = createWeightedSum()
  const weightedScore = sum.offset(sum.combine(given))
  const breakdown = toScoreBreakdown(
    candidate(post(100, 10), {
      ...given,
      weightedScore,
      scoredBy: 'phoenix',
      diversityFactor: 0.625,
      outOfNetworkFactor: 0.75,
      score: weightedScore * 0.625 * 0.75,
    }),
  )
  if (breakdown === null) throw new Error('no breakdown')
  const { terms, adjustments, final } = breakdown
  for (const { probability, weight, contribution } of terms) {
    expect(contribution).toBe(probability * weight)
  }
  const total = terms.reduce((added, { contribution }) => added + contribution, 0)
  expect(adjustments.map(({ name }) => name)).toEqual([
    'offset',
    'author_diversity',
    'out_of_network',
  ])
  expect(adjustments[0]).toEqual({
    name: 'offset',
    factor: null,
    before: total,
    after: weightedScore,
  })
  expect(sum.offset(total)).toBeCloseTo(weightedScore, 12)
  adjustments.slice(1).forEach(({ before, factor, after }, index) => {
    expect(before).toBe(adjustments[index]?.after)
    expect(after).toBe(before * (factor ?? 1))
  })
  expect(final).toBe(weightedScore * 0.625 * 0.75)
})

it('shows the fallback as one step, and nothing for an unscored post', () => {
  const fallback = candidate(post(100, 10), { weightedScore: 2, scoredBy: 'fallback' })
  expect(toScoreBreakdown(fallback)).toMatchObject({
    final: 2,
    terms: [],
    adjustments: [{ name: 'fallback', before: 0, after: 2 }, { factor: 1 }, { factor: 1 }],
  })
  expect(toScoreBreakdown(candidate(post(100, 10)))).toBeNull()
})

it('shows what a cold start lifted', () => {
  const lifted = candidate(post(100, 10), {
    ...heads({ favorite: 0.5 }),
    weightedScore: 0.251,
    coldStartScore: 0.5,
    scoredBy: 'phoenix',
    diversityFactor: 0.625,
    outOfNetworkFactor: 0.75,
  })
  expect(toScoreBreakdown(lifted)).toMatchObject({
    final: 0.5 * 0.625 * 0.75,
    adjustments: [
      { name: 'offset', before: 0.25, after: 0.251 },
      { name: 'cold_start', factor: null, before: 0.251, after: 0.5 },
      { name: 'author_diversity', factor: 0.625, before: 0.5, after: 0.3125 },
      { name: 'out_of_network', factor: 0.75, before: 0.3125, after: 0.234375 },
    ],
  })
})
