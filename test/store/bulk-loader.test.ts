import { expect, it, vi } from 'vitest'
import { BulkLoader } from '../../src/store/bulk-loader.ts'

/** Doubles numbers; `-1` has no answer. Each call is one read. */
function createDoubler({ readKeysMax = 100 } = {}) {
  const read = vi.fn(async (keys: readonly number[]) =>
    keys.map((key) => (key < 0 ? new Error(`${key} is negative`) : 2 * key)),
  )
  return { read, loader: new BulkLoader(read, { readKeysMax }) }
}

it('answers in the order asked for, repeated keys too', async () => {
  const { read, loader } = createDoubler()
  expect(await loader.loadMany([3, 1, 3])).toEqual([6, 2, 6])
  expect(read.mock.calls).toEqual([[[3, 1]]])
})

it('reads once what is asked for in one tick, by either method', async () => {
  const { read, loader } = createDoubler()
  const answers = await Promise.all([
    loader.loadMany([1, 2]),
    loader.load(3),
    Promise.resolve().then(() => loader.loadMany([2, 4])),
  ])
  expect(answers).toEqual([[2, 4], 6, [4, 8]])
  expect(read.mock.calls.flat(2).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  expect(read).toHaveBeenCalledOnce()
})

it('never reads a key again, nor while its first read is on', async () => {
  const { read, loader } = createDoubler()
  const first = loader.loadMany([1])
  await vi.waitFor(() => expect(read).toHaveBeenCalledOnce())
  expect(await Promise.all([first, loader.loadMany([1]), loader.load(1)])).toEqual([[2], [2], 2])
  expect(read).toHaveBeenCalledOnce()
})

it('cuts reads at the limit', async () => {
  const { read, loader } = createDoubler({ readKeysMax: 2 })
  expect(await loader.loadMany([1, 2, 3, 4, 5])).toEqual([2, 4, 6, 8, 10])
  expect(read.mock.calls).toEqual([[[1, 2]], [[3, 4]], [[5]]])
})

it("answers a key's own error, and remembers it", async () => {
  const { read, loader } = createDoubler()
  const [good, bad] = await loader.loadMany([1, -1])
  expect(good).toBe(2)
  expect(bad).toEqual(new Error('-1 is negative'))
  await expect(loader.load(-1)).rejects.toThrow('-1 is negative')
  expect(read).toHaveBeenCalledOnce()
})

it.each([
  ['rejects', () => Promise.reject(new Error('no connection')), 'no connection'],
  ['answers short', async () => [], 'the read answered 0 values for 2 keys'],
])('answers an error of each key when the read %s', async (_how, read, message) => {
  const loader = new BulkLoader<number, number>(read, { readKeysMax: 100 })
  const errors = await loader.loadMany([1, 2])
  expect(errors).toEqual([new Error(message), new Error(message)])
  await expect(loader.load(1)).rejects.toThrow(message)
})

it('reads nothing for no keys', async () => {
  const { read, loader } = createDoubler()
  expect(await loader.loadMany([])).toEqual([])
  expect(read).not.toHaveBeenCalled()
})

it('takes what it is told, unless it knows better', async () => {
  const { read, loader } = createDoubler()
  await loader.loadMany([1])
  loader.prime(1, 100).prime(2, 200).prime(3, Promise.resolve(300))
  loader.prime(4, new Error('told to fail'))
  expect(await loader.loadMany([1, 2, 3])).toEqual([2, 200, 300])
  expect(await Promise.all([1, 2, 3].map((key) => loader.load(key)))).toEqual([2, 200, 300])
  expect(await loader.loadMany([4])).toEqual([new Error('told to fail')])
  expect(read).toHaveBeenCalledOnce()
})

it('reads again what it is told to forget', async () => {
  const { read, loader } = createDoubler()
  await loader.loadMany([1, 2, 3])
  await loader.clear(1).loadMany([1, 2])
  expect(await loader.load(1)).toBe(2)
  expect(read.mock.calls).toEqual([[[1, 2, 3]], [[1]]])
  await loader.clearAll().loadMany([2])
  expect(read).toHaveBeenCalledTimes(3)
})
