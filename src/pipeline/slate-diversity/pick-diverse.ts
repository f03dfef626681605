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
 * At most O(items x chosen x (dimension + chosen)). Source: spec/scoring.md 9; Chen, Zhang, Zhou,
 * "Fast greedy MAP inference for determinantal point process", 2018.
 */
export function pickDiverse(pool: DiversityPool, { theta, countMax }: DiversityOptions): number[] {
  const count = pool.scores.length
  const quality = qualities(pool.scores, theta)
  const choice: Choice = {
    pool,
    quality,
    gains: quality.map((q) => q * q),
    parts: Array.from({ length: count }, () => []),
    picked: [],
    isPicked: new Uint8Array(count),
  }
  const { picked, isPicked, gains, parts } = choice
  const bounds = largestBehind(gains)
  while (picked.length < Math.min(countMax, count)) {
    const best = bestOf(choice, bounds)
    if (best < 0) break
    // What an item adds only ever shrinks: an old figure is a bound, and only the best is renewed.
    if ((parts[best]?.length ?? 0) < picked.length) {
      renew(choice, best)
      continue
    }
    if ((gains[best] ?? 0) <= GAIN_MIN) break
    isPicked[best] = 1
    picked.push(best)
  }
  return picked
}

interface Choice {
  readonly pool: DiversityPool
  readonly quality: Float64Array
  /** What each item adds, or added when it was last renewed. */
  readonly gains: Float64Array
  /** Each item's row of the kernel's Cholesky factor, as far as it was renewed. */
  readonly parts: readonly number[][]
  readonly picked: number[]
  readonly isPicked: Uint8Array
}

/** Takes from an item's gain what it shares with those picked since it was last looked at. */
function renew({ pool, quality, gains, parts, picked }: Choice, item: number): void {
  const own = parts[item] ?? []
  for (let place = own.length; place < picked.length; place += 1) {
    const earlier = picked[place] ?? 0
    const others = parts[earlier] ?? []
    let shared = (quality[earlier] ?? 0) * (quality[item] ?? 0) * cosine(pool, earlier, item)
    for (let at = 0; at < place; at += 1) shared -= (others[at] ?? 0) * (own[at] ?? 0)
    const part = shared * (1 / Math.sqrt(gains[earlier] ?? 1))
    own.push(part)
    gains[item] = (gains[item] ?? 0) - part * part
  }
}

function qualities(scores: ArrayLike<number>, theta: number): Float64Array {
  const limited = Math.min(Math.max(theta, 0), THETA_MAX)
  const alpha = limited / (2 * (1 - limited))
  let best = SCORE_MIN
  for (let item = 0; item < scores.length; item += 1) best = Math.max(best, scores[item] ?? 0)
  const quality = new Float64Array(scores.length)
  for (let item = 0; item < scores.length; item += 1) {
    quality[item] = Math.exp((alpha * (scores[item] ?? 0)) / best)
  }
  return quality
}

/** At each item the largest gain from there on: gains only shrink, so it stays a bound. */
function largestBehind(gains: Float64Array): Float64Array {
  const bounds = gains.slice()
  for (let item = bounds.length - 2; item >= 0; item -= 1) {
    bounds[item] = Math.max(bounds[item] ?? 0, bounds[item + 1] ?? 0)
  }
  return bounds
}

/** The first of the largest; -1 when there is none. */
function bestOf({ gains, isPicked }: Choice, bounds: Float64Array): number {
  let best = -1
  let largest = -Infinity
  for (let item = 0; item < gains.length; item += 1) {
    if ((bounds[item] ?? 0) <= largest) break
    const gain = gains[item] ?? 0
    if (isPicked[item] === 1 || gain <= largest) continue
    best = item
    largest = gain
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
