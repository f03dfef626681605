import { expect, it } from 'vitest'
import { shrinkSteps } from './shrink-steps.ts'

it('leaves what a failure needs, in its order', () => {
  const steps = Array.from({ length: 300 }, (_, at) => at)
  const needed = [7, 8, 120, 299]
  const fails = (some: readonly number[]) => needed.every((step) => some.includes(step))
  expect(shrinkSteps(steps, fails)).toEqual(needed)
  expect(shrinkSteps(steps, () => true)).toEqual([])
  expect(shrinkSteps(steps, ({ length }) => length === 300)).toEqual(steps)
})
