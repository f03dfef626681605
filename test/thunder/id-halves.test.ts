import { expect, it } from 'vitest'
import { joinId, splitId } from '../../src/thunder/id-halves.ts'
import { createRandom } from './random-steps.ts'

const EDGES = [1n, 9n, 10n ** 9n - 1n, 10n ** 9n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 48n]

it('splits every id into its halves and joins them again', () => {
  const random = createRandom(3)
  const ids = Array.from({ length: 5_000 }, () => {
    const bits = 1 + Math.floor(random() * 63)
    return BigInt(Math.floor(random() * 2 ** 53)) ** 2n % 2n ** BigInt(bits) || 1n
  })
  for (const id of [...EDGES, 2n ** 53n + 1n, 2n ** 63n - 1n, 10n ** 18n, ...ids]) {
    const { low, high } = splitId(String(id), { low: 0, high: 0 })
    expect([low, high]).toEqual([Number(BigInt.asIntN(32, id)), Number(id >> 32n)])
    expect(joinId(low, high)).toBe(String(id))
  }
})
