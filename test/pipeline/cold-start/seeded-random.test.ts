import { expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/pipeline/cold-start/seeded-random.ts'

const draws = (seed: string, count: number) => {
  const random = createSeededRandom(seed)
  return Array.from({ length: count }, () => random())
}

it('gives the same numbers for the same seed, and others for another', () => {
  expect(draws('request-1', 5)).toEqual(draws('request-1', 5))
  expect(draws('request-1', 5)).not.toEqual(draws('request-2', 5))
})

it('stays as it is: logged requests are ranked again by it', () => {
  expect(draws('request-1', 3)).toMatchInlineSnapshot(`
    [
      0.638913064962253,
      0.9202643551398069,
      0.30639447178691626,
    ]
  `)
})

it('spreads evenly over [0, 1), within a seed and over the first draws of many', () => {
  for (const numbers of [
    draws('one', 10_000),
    Array.from({ length: 10_000 }, (_, seed) => createSeededRandom(`request-${seed}`)()),
  ]) {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const number of numbers)
      tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    // Standard deviation of a tenth: 30.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  }
})
