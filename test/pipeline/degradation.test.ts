import { expect, it } from 'vitest'
import { hasWithheld, toDegradationReport } from '../../src/pipeline/degradation.ts'
import { withheld } from '../../src/pipeline/filters/withheld.ts'
import type { Degraded } from '../../src/pipeline/framework/request-run.ts'

const degraded = (degradation: string | null, dependency: string | null): Degraded => ({
  stage: 'source',
  component: 'ThunderSource',
  code: 'failed',
  policy: 'fail-open',
  degradation,
  dependency,
  cause: null,
})
const removed = (detail: string | null) =>
  ({ candidate: {}, stage: 'filter', filter: 'AgeFilter', detail }) as const

it('lists each flag once, in the order of the schema, and dependencies by name', () => {
  const report = toDegradationReport({
    degraded: [
      degraded('STALE_GRAPH', 'database'),
      degraded('RULES_ONLY', 'phoenix-ranking'),
      degraded('STALE_GRAPH', 'database'),
      degraded(null, null),
    ],
    removed: [],
  })
  expect(report).toEqual({
    degradation: ['RULES_ONLY', 'STALE_GRAPH', 'ENRICHMENT_MISSING'],
    degradedDependencies: ['database', 'phoenix-ranking'],
  })
})

it('says when a post was withheld', () => {
  const result = { degraded: [], removed: [removed(null), removed(withheld('mutes'))] }
  expect(toDegradationReport(result).degradation).toEqual(['SAFETY_WITHHELD'])
  expect(hasWithheld({ removed: [removed('seen')] })).toBe(false)
})
