import { expect, it } from 'vitest'
import { visibilityFilter } from '../../../src/pipeline/filters/visibility.filter.ts'
import { candidate, filledQuery, post } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

it.each([
  ['an allow', { action: 'allow', rule: null, labels: [] } as const, true],
  ['a warning', { action: 'interstitial', rule: 'adult', labels: ['adult'] } as const, true],
  ['a drop', { action: 'drop', rule: 'spam', labels: ['spam'] } as const, 'spam'],
  ['no verdict', undefined, 'withheld: visibility not known'],
])('judges %s', (_title, visibility, expected) => {
  const each = candidate(post(100, 10), { visibility })
  expect(judgeOne(visibilityFilter(), filledQuery(), each)).toBe(expected)
})
