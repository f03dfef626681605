/** Items to choose among, best first. */
export interface DiversityPool {
  readonly scores: ArrayLike<number>
  /** Unit vectors, [rows x dimension]. */
  readonly vectors: Float32Array
  /** Each item's row of `vectors`; default: the first item's is the first. */
  readonly rows?: ArrayLike<number>
  readonly dimension: number
}

export interface DiversityOptions {
  /** In [0, 1]: towards 1 relevance alone counts, towards 0 diversity alone. */
  readonly theta: number
  readonly countMax: number
}

const SCORE_MIN = 1e-6
const THETA_MAX = 1 - 1e-6
/** What an item still adds must be above this, else it repeats what is there. */
const GAIN_MIN = 1e-6

/**
 * Greedy choice under a determinantal point process: items that score well and differ from those
 * chosen before. Kernel L_ij = q_i q_j cos(i, j), q = exp(theta / (2 (1 - theta)) x score / best).
 * Each step takes the item that adds most to the determinant. Answers indexes in the order chosen.
 * O(items x chosen x (dimension + chosen)). Source: spec/scoring.md 9; Chen, Zhang, Zhou, "Fast
 * greedy MAP inference for determinantal point process", 2018.
 */
export function pickDiverse(pool: DiversityPool, { theta, countMax }: DiversityOptions): number[] {
  const count = pool.scores.length
  const quality = qualities(pool.scores, theta)
  const gains = Float64Array.from(quality, (q) => q * q)
  const basis: Float64Array[] = []
  const isPicked = new Uint8Array(count)
  const picked: number[] = []
  while (picked.length < Math.min(countMax, count)) {
    const best = bestOf(gains, isPicked)
    const gain = gains[best] ?? 0
    if (gain <= GAIN_MIN) break
    isPicked[best] = 1
    picked.push(best)
    const row = new Float64Array(count)
    const scale = 1 / Math.sqrt(gain)
    for (let item = 0; item < count; item += 1) {
      if (isPicked[item] === 1) continue
      let shared = (quality[best] ?? 0) * (quality[item] ?? 0) * cosine(pool, best, item)
      for (const earlier of basis) shared -= (earlier[best] ?? 0) * (earlier[item] ?? 0)
      const part = shared * scale
      row[item] = part
      gains[item] = (gains[item] ?? 0) - part * part
    }
    basis.push(row)
  }
  return picked
}

function qualities(scores: ArrayLike<number>, theta: number): Float64Array {
  const limited = Math.min(Math.max(theta, 0), THETA_MAX)
  const alpha = limited / (2 * (1 - limited))
  let best = SCORE_MIN
  for (let item = 0; item < scores.length; item += 1) best = Math.max(best, scores[item] ?? 0)
  return Float64Array.from(scores, (score) => Math.exp((alpha * score) / best))
}

/** The first of the largest. */
function bestOf(gains: Float64Array, isPicked: Uint8Array): number {
  let best = -1
  for (let item = 0; item < gains.length; item += 1) {
    if (isPicked[item] === 1) continue
    if (best < 0 || (gains[item] ?? 0) > (gains[best] ?? 0)) best = item
  }
  return best
}

function cosine({ vectors, rows, dimension }: DiversityPool, a: number, b: number): number {
  const startA = (rows?.[a] ?? a) * dimension
  const startB = (rows?.[b] ?? b) * dimension
  // Four sums: each addition of one would have to wait for the one before.
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  let at = 0
  for (; at + 3 < dimension; at += 4) {
    const a0 = startA + at
    const b0 = startB + at
    sum0 += (vectors[a0] ?? 0) * (vectors[b0] ?? 0)
    sum1 += (vectors[a0 + 1] ?? 0) * (vectors[b0 + 1] ?? 0)
    sum2 += (vectors[a0 + 2] ?? 0) * (vectors[b0 + 2] ?? 0)
    sum3 += (vectors[a0 + 3] ?? 0) * (vectors[b0 + 3] ?? 0)
  }
  for (; at < dimension; at += 1) sum0 += (vectors[startA + at] ?? 0) * (vectors[startB + at] ?? 0)
  return sum0 + sum1 + (sum2 + sum3)
}
