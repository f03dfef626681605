import { expect, it } from 'vitest'
import { applyPatches } from '../../../src/pipeline/framework/patches.ts'
import { tinyCandidate } from './tiny-pipeline.ts'
import type { TinyCandidate } from './tiny-pipeline.ts'

it('copies the declared keys alone, nulls and absent values included', () => {
  const candidates = [
    tinyCandidate('a', { text: 'old', score: 1 }),
    tinyCandidate('b', { text: 'old', score: 1 }),
    tinyCandidate('c', { text: 'old', score: 1 }),
  ]
  const kept = [...candidates]
  const patches: Partial<TinyCandidate>[] = [{ text: 'new', score: 9 }, { text: null }, {}]
  expect(applyPatches(candidates, patches, ['text'])).toEqual({
    applied: 3,
    failed: 0,
    firstError: null,
  })
  expect(candidates.map(({ text, score }) => [text, score])).toEqual([
    ['new', 1],
    [null, 1],
    [undefined, 1],
  ])
  expect(candidates.every((candidate, index) => candidate === kept[index])).toBe(true)
})

it('leaves a candidate whose patch is an Error as it was, and counts it', () => {
  const candidates = [tinyCandidate('a', { text: 'old' }), tinyCandidate('b')]
  const error = new Error('no row')
  expect(applyPatches(candidates, [error, { text: 'new' }], ['text'])).toEqual({
    applied: 1,
    failed: 1,
    firstError: error,
  })
  expect(candidates.map(({ text }) => text)).toEqual(['old', 'new'])
})
