import { expect, it } from 'vitest'
import { ttlByAge } from '../../../src/pipeline/hydrators/ttl-by-age.ts'

const ttlMsOf = ttlByAge({ youngMs: 1_000, youngTtlMs: 60, ttlMs: 300 })

it.each([
  [0, 60],
  [999, 60],
  [1_000, 300],
  [-5, 60],
])('a post of %d ms is good for %d', (ageMs, ttlMs) => {
  expect(ttlMsOf({ createdAtMs: 50_000 - ageMs }, 50_000)).toBe(ttlMs)
})
