import { expect, it } from 'vitest'
import { BlockArena } from '../../src/thunder/block-arena.ts'
import { createRandom } from './random-steps.ts'

const CAPACITY = 4_096

it('never hands out an entry twice, and has all of it back when everything is freed', () => {
  const random = createRandom(7)
  const arena = new BlockArena(CAPACITY)
  const owners = new Int32Array(CAPACITY)
  const blocks: { first: number; order: number }[] = []
  const faults: string[] = []
  let refusals = 0
  for (let step = 1; step < 20_000; step += 1) {
    if (random() < 0.53) {
      const order = 1 + Math.floor(random() * 6)
      const first = arena.allocate(order)
      if (first < 0) {
        refusals += 1
        continue
      }
      const wasFree = owners.subarray(first, first + 2 ** order).every((owner) => owner === 0)
      if (!wasFree || first % 2 ** order !== 0) faults.push(`${first} of order ${order}`)
      owners.fill(step, first, first + 2 ** order)
      // What an owner writes must not disturb the arena.
      arena.entries.fill(-1, first * 4, (first + 2 ** order) * 4)
      blocks.push({ first, order })
    } else {
      const [block] = blocks.splice(Math.floor(random() * blocks.length), 1)
      if (block === undefined) continue
      owners.fill(0, block.first, block.first + 2 ** block.order)
      arena.free(block.first, block.order)
    }
  }
  expect(faults).toEqual([])
  expect(refusals).toBeGreaterThan(0)
  for (const { first, order } of blocks) arena.free(first, order)
  expect(arena.allocate(12)).toBe(0)
  expect(arena.allocate(1)).toBe(-1)
})
