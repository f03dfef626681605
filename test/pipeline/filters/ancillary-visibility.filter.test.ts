import { expect, it } from 'vitest'
import { ancillaryVisibilityFilter } from '../../../src/pipeline/filters/ancillary-visibility.filter.ts'
import type { AncillaryVerdict } from '../../../src/pipeline/home-feed.candidate.ts'
import { candidate, filledQuery, post } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const of = (role: AncillaryVerdict['role'], action: AncillaryVerdict['action']) =>
  ({ role, action, rule: action === 'allow' ? null : 'spam', labels: [] }) as const

it.each<[string, readonly AncillaryVerdict[] | undefined, boolean | string]>([
  ['nothing of others', [], true],
  ['what may be shown', [of('original', 'allow'), of('quoted', 'allow')], true],
  ['something behind a warning', [of('original', 'interstitial')], true],
  ['a dropped original', [of('original', 'drop')], 'original:spam'],
  ['a dropped quoted post', [of('parent', 'allow'), of('quoted', 'drop')], 'quoted:spam'],
  ['a dropped parent', [of('quoted', 'interstitial'), of('parent', 'drop')], 'parent:spam'],
  ['a dropped root', [of('root', 'drop')], 'root:spam'],
  ['what was not judged', undefined, 'withheld: visibility of what it shows not known'],
])('judges an item that shows %s', (_title, ancillaryVisibility, expected) => {
  const each = candidate(post(100, 10), { ancillaryVisibility })
  expect(judgeOne(ancillaryVisibilityFilter(), filledQuery(), each)).toBe(expected)
})
