import { expect, it } from 'vitest'
import { sampleBeta, sampleGamma } from '../../../src/pipeline/cold-start/sample-beta.ts'
import { createSeededRandom } from '../../../src/pipeline/cold-start/seeded-random.ts'

const COUNT = 40_000

function momentsOf(sample: () => number) {
  const values = Array.from({ length: COUNT }, sample)
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT
  return { values, mean, variance }
}

it.each([0.3, 0.75, 1, 2.5, 50, 1_000])('draws Gamma(%d): mean and variance', (shape) => {
  const random = createSeededRandom(`gamma ${shape}`)
  const { mean, variance } = momentsOf(() => sampleGamma(shape, random))
  expect(mean / shape).toBeCloseTo(1, 1)
  expect(variance / shape).toBeCloseTo(1, 0)
  expect(Math.abs(mean / shape - 1)).toBeLessThan(5 / Math.sqrt(COUNT * shape))
  expect(Math.abs(variance / shape - 1)).toBeLessThan(0.1)
})

it.each([
  [0.75, 49.25],
  [1, 1],
  [20, 80],
  [5, 0.5],
])('draws Beta(%d, %d): mean, variance, bounds', (alpha, beta) => {
  const random = createSeededRandom(`beta ${alpha} ${beta}`)
  const { values, mean, variance } = momentsOf(() => sampleBeta({ alpha, beta }, random))
  const sum = alpha + beta
  const exact = (alpha * beta) / (sum ** 2 * (sum + 1))
  expect(Math.abs(mean - alpha / sum)).toBeLessThan(5 * Math.sqrt(exact / COUNT))
  expect(Math.abs(variance / exact - 1)).toBeLessThan(0.1)
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...values)).toBeLessThanOrEqual(1)
})

it('draws a uniform Beta(1, 1) evenly', () => {
  const random = createSeededRandom('uniform')
  const { values } = momentsOf(() => sampleBeta({ alpha: 1, beta: 1 }, random))
  for (const share of [0.1, 0.25, 0.5, 0.9]) {
    expect(values.filter((value) => value < share).length / COUNT).toBeCloseTo(share, 1)
  }
})
