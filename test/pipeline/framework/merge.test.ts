import { expect, it } from 'vitest'
import { foldCopies, mergeCandidates } from '../../../src/pipeline/framework/merge.ts'
import type { MergeRules } from '../../../src/pipeline/framework/merge.ts'
import { tinyCandidate } from './tiny-pipeline.ts'
import type { TinyCandidate } from './tiny-pipeline.ts'

const rules: MergeRules<TinyCandidate> = { idOf: ({ id }) => id, fold: foldCopies('sources') }

it('keeps the first copy at its place, remembers sources, and fills what was absent', () => {
  const first = tinyCandidate('a', { sources: ['one'], text: null, score: 0 })
  const merged = mergeCandidates(
    [
      [tinyCandidate('z', { sources: ['one'] }), first],
      [
        tinyCandidate('b', { sources: ['two'] }),
        tinyCandidate('a', { sources: ['two'], text: 'late', length: 4, score: 9, visible: false }),
      ],
      [tinyCandidate('a', { sources: ['one', 'three'], text: 'later' })],
    ],
    rules,
  )
  expect(merged.map(({ id }) => id)).toEqual(['z', 'a', 'b'])
  expect(merged[1]).toBe(first)
  expect(first).toEqual({
    id: 'a',
    sources: ['one', 'two', 'three'],
    text: 'late',
    length: 4,
    score: 0,
    visible: false,
  })
})

it('merges equal ids of one list, and nothing at all', () => {
  const list = [tinyCandidate('a'), tinyCandidate('a', { text: 'again' })]
  expect(mergeCandidates([list, []], rules)).toEqual([tinyCandidate('a', { text: 'again' })])
  expect(mergeCandidates([], rules)).toEqual([])
})
