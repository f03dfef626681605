import { expect, it } from 'vitest'
import { ageFilter } from '../../../src/pipeline/filters/age.filter.ts'
import { candidate, filledQuery, HOUR_MS, NOW_MS, post } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

it.each([
  ['now', 0, true],
  ['exactly 48 hours', 48 * HOUR_MS, true],
  ['a millisecond more', 48 * HOUR_MS + 1, false],
  ['from the future', -HOUR_MS, true],
])('judges a post of %s', (_title, ageMs, expected) => {
  const filter = ageFilter({ ageMsMax: 48 * HOUR_MS })
  const each = candidate(post(100, 10, { createdAtMs: NOW_MS - ageMs }))
  expect(judgeOne(filter, filledQuery(), each)).toBe(expected)
})
