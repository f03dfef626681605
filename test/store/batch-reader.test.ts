import { describe, expect, it } from 'vitest'
import { BatchReader } from '../../src/store/batch-reader.ts'

function createSetting({ batchMax, fails = false }: { batchMax?: number; fails?: boolean } = {}) {
  const calls: (readonly string[])[] = []
  const state = { fails }
  const reader = new BatchReader<string, string | null>(
    async (keys) => {
      calls.push(keys)
      if (state.fails) throw new Error('down')
      return keys.map((key) => (key === 'none' ? null : key.toUpperCase()))
    },
    batchMax === undefined ? {} : { batchMax },
  )
  return { reader, calls, state }
}

describe('BatchReader', () => {
  it('joins all that is asked for before the tick ends, each key once', async () => {
    const { reader, calls } = createSetting()
    const later = Promise.resolve()
      .then(() => undefined)
      .then(() => reader.loadMany(['c', 'a']))
    const answers = await Promise.all([reader.load('a'), reader.loadMany(['a', 'b', 'b']), later])
    expect(answers).toEqual(['A', ['A', 'B', 'B'], ['C', 'A']])
    expect(calls).toEqual([['a', 'b', 'c']])
  })

  it('keeps what it read, absent values too', async () => {
    const { reader, calls } = createSetting()
    expect(await reader.loadMany(['a', 'none'])).toEqual(['A', null])
    expect(await reader.loadMany(['none', 'a'])).toEqual([null, 'A'])
    expect(await reader.load('none')).toBeNull()
    expect(await reader.loadMany([])).toEqual([])
    expect(calls).toHaveLength(1)
  })

  it('waits for a batch under way instead of asking again', async () => {
    const calls: (readonly string[])[] = []
    let letGo = (): void => undefined
    const gate = new Promise<void>((resolve) => (letGo = resolve))
    const reader = new BatchReader<string, string>(async (keys) => {
      calls.push(keys)
      if (calls.length === 1) await gate
      return keys
    })
    const first = reader.loadMany(['a'])
    while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = reader.loadMany(['a', 'b'])
    while (calls.length === 1) await new Promise((resolve) => setImmediate(resolve))
    letGo()
    expect(await Promise.all([first, second])).toEqual([['a'], ['a', 'b']])
    expect(calls).toEqual([['a'], ['b']])
  })

  it('splits what is too much for one call', async () => {
    const { reader, calls } = createSetting({ batchMax: 2 })
    expect(await reader.loadMany(['a', 'b', 'c', 'd', 'e'])).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(calls).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('answers errors for a batch that failed, and asks again afterwards', async () => {
    const { reader, state } = createSetting({ fails: true })
    expect(await reader.loadMany(['a', 'b'])).toEqual([new Error('down'), new Error('down')])
    await expect(reader.load('a')).rejects.toThrow('down')
    state.fails = false
    expect(await reader.loadMany(['a', 'b'])).toEqual(['A', 'B'])
  })

  it('keeps the values that it has when others fail', async () => {
    const { reader, state } = createSetting()
    await reader.load('a')
    state.fails = true
    expect(await reader.loadMany(['a', 'b'])).toEqual(['A', new Error('down')])
  })

  it('takes a short answer for a failure', async () => {
    const reader = new BatchReader<string, string>(async () => ['a'])
    await expect(reader.load('a')).resolves.toBe('a')
    expect(await reader.loadMany(['b', 'c'])).toEqual([
      new Error('1 values for 2 keys'),
      new Error('1 values for 2 keys'),
    ])
  })
})
