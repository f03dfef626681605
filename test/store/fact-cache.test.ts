import { beforeEach, describe, expect, it } from 'vitest'
import { FactCache } from '../../src/store/fact-cache.ts'

const value = { text: 'a' }
let nowMs = 0
let cache: FactCache<string, { text: string }>

beforeEach(() => {
  nowMs = 1_000
  cache = new FactCache({ entriesMax: 2, ttlMs: 100, settleMs: 50, now: () => nowMs })
})

describe('FactCache', () => {
  it('gives what it was given until that is too old', () => {
    expect(cache.get('1')).toBeUndefined()
    cache.keep('1', value)
    nowMs += 99
    expect(cache.get('1')).toBe(value)
    nowMs += 1
    expect(cache.get('1')).toBeUndefined()
    expect(cache.stats()).toEqual({ hits: 1, misses: 2, entries: 1 })
  })

  it('keeps nothing of a key for a while after it changed', () => {
    cache.keep('1', value)
    cache.forget('1')
    expect(cache.get('1')).toBeUndefined()
    // A read that began before the change ends after it.
    cache.keep('1', value)
    expect(cache.get('1')).toBeUndefined()
    nowMs += 50
    cache.keep('1', value)
    expect(cache.get('1')).toBe(value)
  })

  it('drops what was not asked for longest', () => {
    cache.keep('1', value)
    cache.keep('2', value)
    cache.get('1')
    cache.keep('3', value)
    expect(['1', '2', '3'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true])
  })
})
