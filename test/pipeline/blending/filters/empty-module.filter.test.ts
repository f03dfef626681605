import { expect, it } from 'vitest'
import { emptyModuleFilter } from '../../../../src/pipeline/blending/filters/empty-module.filter.ts'
import { NOW_MS, userId } from '../../home-feed-fixtures.ts'
import { filledForYouQuery, postItem, promptItem, suggestionItem } from '../blending-fixtures.ts'

const keep = emptyModuleFilter().keep(filledForYouQuery(), [], { nowMs: NOW_MS })

it.each([
  ['a post', postItem(1), true],
  ['a prompt', promptItem(), true],
  ['with an account', { ...suggestionItem(7), accountIds: [userId(7)] }, true],
  ['of nobody', { ...suggestionItem(7), accountIds: [] }, 'no account of it may be suggested'],
  ['that nobody judged', suggestionItem(7), 'its accounts could not be judged'],
] as const)('%s', (_what, item, expected) => {
  expect(keep(item, 0)).toBe(expected)
})
