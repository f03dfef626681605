import { describe, expect, it } from 'vitest'
import { pickDiverse } from '../../../src/pipeline/slate-diversity/pick-diverse.ts'

function pool(scores: readonly number[], vectors: readonly (readonly number[])[]) {
  return { scores, vectors: Float32Array.from(vectors.flat()), dimension: vectors[0]?.length ?? 0 }
}

/** The determinant of what is chosen and one more, by elimination: slow and plain. */
function determinant(matrix: number[][]): number {
  const rows = matrix.map((row) => [...row])
  let result = 1
  for (let at = 0; at < rows.length; at += 1) {
    const pivot = rows[at]?.[at] ?? 0
    result *= pivot
    if (pivot === 0) return 0
    for (let below = at + 1; below < rows.length; below += 1) {
      const share = (rows[below]?.[at] ?? 0) / pivot
      rows[below] = (rows[below] ?? []).map(
        (value, index) => value - share * (rows[at]?.[index] ?? 0),
      )
    }
  }
  return result
}

function pickNaively(
  scores: readonly number[],
  vectors: readonly (readonly number[])[],
  { theta, countMax }: { readonly theta: number; readonly countMax: number },
): number[] {
  const alpha = theta / (2 * (1 - theta))
  const best = Math.max(...scores, 1e-6)
  const quality = scores.map((score) => Math.exp((alpha * score) / best))
  const kernel = (a: number, b: number) =>
    (quality[a] ?? 0) *
    (quality[b] ?? 0) *
    (vectors[a] ?? []).reduce((sum, value, at) => sum + value * (vectors[b]?.[at] ?? 0), 0)
  const picked: number[] = []
  while (picked.length < countMax) {
    const before = determinant(picked.map((a) => picked.map((b) => kernel(a, b))))
    const gains = scores.map((_score, item) => {
      if (picked.includes(item)) return -1
      const all = [...picked, item]
      return determinant(all.map((a) => all.map((b) => kernel(a, b)))) / before
    })
    const gain = Math.max(...gains)
    if (gain <= 1e-6) break
    picked.push(gains.indexOf(gain))
  }
  return picked
}

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('pickDiverse', () => {
  // Vectors of spec/scoring.md 13.
  const similar = [0.99, Math.sqrt(1 - 0.99 ** 2), 0, 0]
  const given = pool([1, 0.9, 0.5, 0.4], [[1, 0, 0, 0], similar, [0, 1, 0, 0], [0, 0, 1, 0]])

  it.each([
    [0.65, 2, [0, 2]],
    [0.65, 3, [0, 2, 3]],
    [0.95, 2, [0, 1]],
  ])('at theta %f picks %i of four', (theta, countMax, expected) => {
    expect(new Set(pickDiverse(given, { theta, countMax }))).toEqual(new Set(expected))
  })

  it('ends when all that is left repeats what was picked', () => {
    const same = pool(
      [3, 2, 1],
      [
        [1, 0],
        [1, 0],
        [1, 0],
      ],
    )
    expect(pickDiverse(same, { theta: 0.65, countMax: 3 })).toEqual([0])
  })

  it('takes the first of equals, and nothing of nothing', () => {
    const equal = pool(
      [1, 1],
      [
        [1, 0],
        [0, 1],
      ],
    )
    expect(pickDiverse(equal, { theta: 0.65, countMax: 1 })).toEqual([0])
    const none = { scores: [], vectors: new Float32Array(0), dimension: 2 }
    expect(pickDiverse(none, { theta: 0.65, countMax: 5 })).toEqual([])
  })

  it('ends where vectors are longer than they should be, and where they are no numbers', () => {
    const scores = [1, 1, 1]
    const long = [
      [9, 1],
      [9, 0],
      [9, 2],
    ]
    expect(pickDiverse(pool(scores, long), { theta: 0.65, countMax: 3 })).toEqual([0])
    const lost = long.map(() => [Number.NaN, Number.NaN])
    const picked = pickDiverse(pool(scores, lost), { theta: 0.65, countMax: 3 })
    expect(new Set(picked).size).toBe(picked.length)
    const endless = long.map(() => [1e30, 1e30])
    expect(pickDiverse(pool(scores, endless), { theta: 0.65, countMax: 3 })).toEqual([0])
  })

  it('picks what plain determinants pick', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const next = random(seed)
      const count = 2 + Math.floor(next() * 8)
      const scores = Array.from({ length: count }, () => next())
      const vectors = Array.from({ length: count }, () => {
        const raw = Array.from({ length: 12 }, () => Math.fround(next() - 0.3))
        const norm = Math.hypot(...raw)
        return raw.map((value) => Math.fround(value / norm))
      })
      const options = { theta: 0.2 + 0.7 * next(), countMax: 1 + Math.floor(next() * count) }
      expect(pickDiverse(pool(scores, vectors), options), `seed ${seed}`).toEqual(
        pickNaively(scores, vectors, options),
      )
    }
  })
})
