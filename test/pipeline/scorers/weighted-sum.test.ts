import { describe, expect, it } from 'vitest'
import { ACTIONS } from '../../../src/gen/actions.ts'
import type { ActionName } from '../../../src/gen/actions.ts'
import { createWeightedSum } from '../../../src/pipeline/scorers/weighted-sum.ts'
import { heads } from '../score-fixtures.ts'

// Made in each test, so that mutation testing knows which tests see it.
const scoreOf = (probabilities: Partial<Record<ActionName, number>>, dwellSeconds?: number) => {
  const sum = createWeightedSum()
  return sum.offset(sum.combine(heads(probabilities, dwellSeconds)))
}

// Vectors of spec/scoring.md 13; single precision of the heads costs the last digits.
describe('weighted sum', () => {
  it('gives epsilon without a single head', () => {
    expect(scoreOf({})).toBe(0.001)
  })

  it('adds positive heads and dwell seconds', () => {
    expect(scoreOf({ favorite: 0.1, reply: 0.02, repost: 0.01 }, 10)).toBeCloseTo(0.201, 6)
  })

  it('squeezes a negative total under epsilon', () => {
    expect(scoreOf({ report: 0.01 })).toBeCloseTo(0.00088878063, 9)
  })

  it('is never negative, and never above epsilon below 0', () => {
    const worst = Object.fromEntries(
      ACTIONS.map(({ name, sign }) => [name, sign === 'negative' ? 1 : 0]),
    )
    expect(scoreOf(worst)).toBeGreaterThanOrEqual(0)
    expect(scoreOf(worst)).toBeLessThan(0.001)
  })

  it('leaves the video head out when it does not apply', () => {
    const sum = createWeightedSum()
    const video = heads({ video_quality_view: 1 })
    expect(sum.combine({ ...video, videoWeightApplies: true })).toBeCloseTo(0.05, 12)
    expect(sum.combine({ ...video, videoWeightApplies: false })).toBe(0)
  })

  it('splits into terms that add up to it', () => {
    const sum = createWeightedSum()
    const given = heads({ favorite: 0.5, block_author: 0.25 }, 8)
    const terms = sum.toTerms(given)
    expect(terms.map(({ head }) => head)).toEqual(['favorite', 'block_author', 'dwell_time'])
    const total = terms.reduce((added, { contribution }) => added + contribution, 0)
    expect(total).toBeCloseTo(sum.combine(given), 12)
  })
})
