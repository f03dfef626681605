import { describe, expect, it } from 'vitest'
import { assignArm } from '../../src/experiments/assign-arm.ts'
import type { Experiment } from '../../src/experiments/experiment.ts'
import { trustUserId, type UserId } from '../../src/ids.ts'
import { NO_OVERRIDES } from '../../src/pipeline/params/param-overrides.ts'

function experiment(salt: string, parts: readonly number[], traffic = 1): Experiment {
  const arms = parts.map((each, index) => ({
    name: `arm-${index}`,
    parts: each,
    overrides: NO_OVERRIDES,
  }))
  return { name: 'test', salt, traffic, arms }
}

const VIEWERS = Array.from({ length: 5_000 }, (_, index) => trustUserId(String(index + 1)))

function countsOf(of: Experiment): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const viewer of VIEWERS) {
    const name = assignArm(of, viewer)?.name ?? 'out'
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Pearson's statistic against the expected shares. */
function chiSquared(counts: readonly number[], shares: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count, index) => {
    const expected = all * (shares[index] ?? 0)
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

/** Six salts, so that one lucky deal proves nothing; 1 in 10,000 would exceed the limits. */
const SALTS = Array.from({ length: 6 }, (_, index) => `salt-${index}`)

describe('assignArm', () => {
  it('gives the same viewer the same arm, for ever', () => {
    const of = experiment('2026-11-a', [1, 1, 2])
    const arms = ['1', '2', '3', '101', '9223372036854775807'].map(
      (id) => assignArm(of, trustUserId(id))?.name,
    )
    // The same by Python's hashlib. Another result would deal running experiments anew.
    expect(arms).toMatchInlineSnapshot(`
      [
        "arm-0",
        "arm-2",
        "arm-2",
        "arm-1",
        "arm-2",
      ]
    `)
  })

  it('deals in proportion to the parts', () => {
    for (const salt of SALTS) {
      const counts = countsOf(experiment(salt, [1, 2, 5]))
      const dealt = ['arm-0', 'arm-1', 'arm-2'].map((name) => counts[name] ?? 0)
      expect(counts['out']).toBeUndefined()
      expect(chiSquared(dealt, [1 / 8, 2 / 8, 5 / 8]), salt).toBeLessThan(18.4)
    }
  })

  it('takes the share of traffic, and keeps who was in when it grows', () => {
    for (const salt of SALTS) {
      const counts = countsOf(experiment(salt, [1], 0.1))
      const dealt = [counts['arm-0'] ?? 0, counts['out'] ?? 0]
      expect(chiSquared(dealt, [0.1, 0.9]), salt).toBeLessThan(15.2)
    }
    const small = experiment('grows', [1, 1], 0.1)
    const large = experiment('grows', [1, 1], 0.3)
    const isMoved = (viewer: UserId) => {
      const before = assignArm(small, viewer)
      return before !== null && assignArm(large, viewer)?.name !== before.name
    }
    expect(VIEWERS.filter(isMoved)).toEqual([])
    expect(countsOf(experiment('none', [1], 0))).toEqual({ out: VIEWERS.length })
  })

  it('deals two experiments independently', () => {
    for (const salt of SALTS) {
      const [a, b] = [experiment(salt, [1, 1]), experiment(`${salt}-other`, [1, 1])]
      const cells = [0, 0, 0, 0]
      for (const viewer of VIEWERS) {
        const row = assignArm(a, viewer)?.name === 'arm-0' ? 0 : 1
        const column = assignArm(b, viewer)?.name === 'arm-0' ? 0 : 1
        const cell = row * 2 + column
        cells[cell] = (cells[cell] ?? 0) + 1
      }
      expect(chiSquared(cells, [0.25, 0.25, 0.25, 0.25]), salt).toBeLessThan(21.2)
    }
  })
})
