import { expect, it } from 'vitest'
import { EMPTY_FILTER, spellFilter } from '../../src/pipeline/home-feed.query.ts'
import { topicId } from './home-feed-fixtures.ts'

const topicIds = (...ids: number[]) => ids.map(topicId)

it('spells equal filters alike and different ones apart', () => {
  const filters = [
    EMPTY_FILTER,
    { ...EMPTY_FILTER, mediaOnly: true },
    { ...EMPTY_FILTER, topics: topicIds(1) },
    { ...EMPTY_FILTER, topics: topicIds(1, 12) },
    { ...EMPTY_FILTER, topics: topicIds(11, 2) },
    { ...EMPTY_FILTER, excludedTopics: topicIds(1) },
    { ...EMPTY_FILTER, excludedTopics: topicIds(1), topics: topicIds(2), mediaOnly: true },
  ]
  expect(new Set(filters.map(spellFilter)).size).toBe(filters.length)
  expect(spellFilter(EMPTY_FILTER)).toBe('')
  const reordered = { ...EMPTY_FILTER, topics: topicIds(12, 1, 12) }
  expect(spellFilter(reordered)).toBe(spellFilter({ ...EMPTY_FILTER, topics: topicIds(1, 12) }))
})
