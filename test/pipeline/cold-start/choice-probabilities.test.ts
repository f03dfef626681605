import { expect, it } from 'vitest'
import { choiceProbabilities } from '../../../src/pipeline/cold-start/choice-probabilities.ts'
import { sampleBeta, type BetaShape } from '../../../src/pipeline/cold-start/sample-beta.ts'
import { createSeededRandom } from '../../../src/pipeline/cold-start/seeded-random.ts'

const DRAWS = 8_000
const shape = (alpha: number, beta: number): BetaShape => ({ alpha, beta })

/** How often each is the first of the list among the `topK` largest draws. */
function frequencies(shapes: readonly BetaShape[], topK: number): number[] {
  const random = createSeededRandom('frequencies')
  const counts = shapes.map(() => 0)
  for (let draw = 0; draw < DRAWS; draw++) {
    const chosen = shapes
      .map((each, index) => ({ index, sample: sampleBeta(each, random) }))
      .toSorted((a, b) => b.sample - a.sample)
      .slice(0, topK)
      .reduce((first, { index }) => Math.min(first, index), shapes.length)
    counts[chosen] = (counts[chosen] ?? 0) + 1
  }
  return counts.map((count) => count / DRAWS)
}

it('takes the first of all when all are among the largest', () => {
  expect([...choiceProbabilities([shape(1, 1), shape(2, 1)], 2)]).toEqual([1, 0])
  expect([...choiceProbabilities([shape(1, 1)], 5)]).toEqual([1])
})

it('gives equals equal chances with a top of one, and counts places with more', () => {
  const equals = Array.from({ length: 4 }, () => shape(0.75, 49.25))
  for (const probability of choiceProbabilities(equals, 1)) expect(probability).toBeCloseTo(0.25, 3)
  // The first is in with 2 of 4; else the second with 2 of the 3 others; else the third is.
  const two = choiceProbabilities(equals, 2)
  ;[1 / 2, 1 / 3, 1 / 6, 0].forEach((exact, index) => expect(two[index]).toBeCloseTo(exact, 3))
})

it('agrees with the closed form of two: Beta(2, 1) beats Beta(1, 1) in two of three', () => {
  const [first, second] = choiceProbabilities([shape(1, 1), shape(2, 1)], 1)
  expect(first).toBeCloseTo(1 / 3, 3)
  expect(second).toBeCloseTo(2 / 3, 3)
})

it.each<[string, readonly BetaShape[], number]>([
  [
    'unseen posts and seen ones',
    [shape(0.75, 49.25), shape(10, 90), shape(2, 60), shape(12, 80)],
    2,
  ],
  ['top three of six', [1, 2, 3, 4, 5, 6].map((likes) => shape(0.75 + likes, 60)), 3],
  ['narrow beside wide', [shape(900, 100), shape(0.5, 0.5), shape(880, 120)], 1],
])('agrees with what is drawn: %s', (_title, shapes, topK) => {
  const probabilities = choiceProbabilities(shapes, topK)
  const seen = frequencies(shapes, topK)
  // Five standard deviations of a frequency at most.
  seen.forEach((frequency, index) =>
    expect(Math.abs(frequency - (probabilities[index] ?? 0))).toBeLessThan(0.028),
  )
  const total = probabilities.reduce((sum, each) => sum + each, 0)
  expect(total).toBeCloseTo(1, 2)
})
