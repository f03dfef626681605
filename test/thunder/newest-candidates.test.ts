import { expect, it } from 'vitest'
import { toHead } from '../../src/thunder/entry-head.ts'
import { NewestCandidates } from '../../src/thunder/newest-candidates.ts'
import { createRandom } from './random-steps.ts'

interface Candidate {
  readonly seconds: number
  readonly id: bigint
  readonly slot: number
}

function newest(candidates: readonly Candidate[], max: number): number[] {
  const collected = new NewestCandidates(candidates.length)
  candidates.forEach(({ seconds, id, slot }, at) => {
    collected.entries[at * 4] = toHead(seconds) | (slot % 32)
    collected.entries[at * 4 + 1] = slot
    collected.entries[at * 4 + 2] = Number(BigInt.asIntN(32, id))
    collected.entries[at * 4 + 3] = Number(id >> 32n)
  })
  collected.count = candidates.length
  const into = new Int32Array(max)
  return [...into.subarray(0, collected.takeNewest(max, into))]
}

function sorted(candidates: readonly Candidate[], max: number): number[] {
  const inOrder = candidates.toSorted((a, b) => b.seconds - a.seconds || (a.id < b.id ? 1 : -1))
  return inOrder.slice(0, max).map(({ slot }) => slot)
}

// A span of 1 puts all into one second, of 200,000 nearly each into its own.
it.each([1, 3, 40, 5_000, 200_000])('picks the newest, in order, out of a span of %i s', (span) => {
  const random = createRandom(span)
  for (const count of [0, 1, 2, 30, 700]) {
    const candidates = Array.from({ length: count }, (_, at) => ({
      // Heads wrap here.
      seconds: 14 * 2 ** 27 - Math.floor(random() * span) + Math.floor(span / 2),
      id: BigInt(at * 7_919 + 1) * (at % 2 === 0 ? 1n : 2n ** 31n + 5n),
      slot: at + 1,
    }))
    for (const max of [1, 10, 1_200])
      expect(newest(candidates, max)).toEqual(sorted(candidates, max))
  }
})
