import { expect, it } from 'vitest'
import { AgedCache } from '../../../src/pipeline/framework/aged-cache.ts'

it('gives a value until its time, and not at it', () => {
  const cache = new AgedCache<string, object>({ entriesMax: 2 })
  const value = { text: 'a' }
  cache.put('1', value, 100)
  expect(cache.get('1', 99)).toBe(value)
  expect(cache.get('1', 100)).toBeUndefined()
  expect(cache.size).toBe(0)
})

it('is bounded: what was not used for longest goes', () => {
  const cache = new AgedCache<string, object>({ entriesMax: 2 })
  cache.put('1', {}, 100)
  cache.put('2', {}, 100)
  cache.get('1', 0)
  cache.put('3', {}, 100)
  expect(['1', '2', '3'].map((key) => cache.get(key, 0) !== undefined)).toEqual([true, false, true])
  expect(cache.size).toBe(2)
})
