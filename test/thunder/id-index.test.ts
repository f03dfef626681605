import { expect, it } from 'vitest'
import { IdIndex } from '../../src/thunder/id-index.ts'
import { createRandom } from './random-steps.ts'

it('finds what was added and not taken out, through growth and gaps', () => {
  const random = createRandom(5)
  const count = 20_000
  const ids = new Int32Array((count + 1) * 2)
  for (let number = 1; number <= count; number += 1) {
    // Neighbouring ids, as snowflakes of one second are.
    ids[number * 2] = number * 4
    ids[number * 2 + 1] = number % 3
  }
  const index = new IdIndex(ids)
  const present = new Set<number>()
  for (let step = 0; step < 60_000; step += 1) {
    const number = 1 + Math.floor(random() * count)
    if (present.delete(number)) index.remove(number)
    else {
      index.add(number)
      present.add(number)
    }
  }
  for (let number = 1; number <= count; number += 1) {
    const found = index.find(ids[number * 2] ?? 0, ids[number * 2 + 1] ?? 0)
    expect(found).toBe(present.has(number) ? number : 0)
  }
})
