import { expect, it } from 'vitest'
import { ExclusionTable } from '../../src/thunder/exclusion-table.ts'

const pairs = (from: number, count: number) =>
  Int32Array.from(Array.from({ length: count }, (_, at) => [from + at, (from + at) % 5]).flat())

it('holds the ids of the last filling alone, however many', () => {
  const table = new ExclusionTable()
  expect(table.has(0, 0)).toBe(false)
  for (const count of [3, 0, 10_000, 1, 2_000]) {
    table.fill(pairs(count, count))
    expect(table.has(count, count % 5)).toBe(count > 0)
    expect(table.has(count - 1, (count - 1) % 5)).toBe(false)
    expect(table.has(count, (count + 1) % 5)).toBe(false)
    expect(table.has(2 * count, (2 * count) % 5)).toBe(false)
  }
})
