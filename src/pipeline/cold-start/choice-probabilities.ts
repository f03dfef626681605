import type { BetaShape } from './sample-beta.ts'

/** Points of the integral. With 1,024, an error under 0.001 at a thousand observations. */
const POINTS = 1_024

/** Density and distribution of one Beta variate's logit on a grid. */
interface Curve {
  readonly density: Float64Array
  readonly below: Float64Array
}

/**
 * How probable it is that each is chosen, when each draws from its Beta distribution and, of the
 * `topK` largest draws, the one that stands first in the list is taken. Adds up to 1 but for the
 * integral's error. O(points x list x topK).
 *
 * One is chosen when it is among the largest and nobody before it is. With t the smallest of the
 * `topK` largest draws: everybody before draws below t, and of it and those after it exactly
 * `topK` draw t or more, one of them t itself.
 */
export function choiceProbabilities(shapes: readonly BetaShape[], topK: number): Float64Array {
  const probabilities = new Float64Array(shapes.length)
  const size = Math.min(topK, shapes.length)
  if (size === shapes.length) {
    probabilities[0] = 1
    return probabilities
  }
  const grid = gridOf(shapes)
  const curves = curvesOf(shapes, grid)
  for (let point = 0; point < POINTS; point++) {
    if (isPossible(curves, point, size))
      addPoint(probabilities, curves, { point, size, step: grid.step })
  }
  return probabilities
}

/**
 * False where far more than `size` are expected to draw above: that fewer do is less probable than
 * exp(-30) (Chernoff), which saves most of the work on long lists.
 */
function isPossible(curves: readonly Curve[], point: number, size: number): boolean {
  let expected = 0
  for (const { below } of curves) expected += 1 - (below[point] ?? 0)
  return expected <= size || (expected - size) ** 2 <= 60 * expected
}

interface Point {
  readonly point: number
  readonly size: number
  readonly step: number
}

/** Adds what t at this point contributes to each one's probability. */
function addPoint(
  probabilities: Float64Array,
  curves: readonly Curve[],
  { point, size, step }: Point,
): void {
  const allBelow = productsBefore(curves, point)
  // Of those after: exactly k above t; and the same with one more exactly at t.
  const above = new Float64Array(size + 1)
  const withLast = new Float64Array(size + 1)
  above[0] = 1
  for (let index = curves.length - 1; index >= 0; index--) {
    const { density = 0, below = 0 } = valuesAt(curves[index], point)
    const isLast = density * (above[size - 1] ?? 0)
    const isAbove = size < 2 ? 0 : (1 - below) * (withLast[size - 2] ?? 0)
    probabilities[index] =
      (probabilities[index] ?? 0) + step * (allBelow[index] ?? 0) * (isLast + isAbove)
    for (let k = size; k >= 0; k--) {
      const fewer = k === 0 ? 0 : (1 - below) * (withLast[k - 1] ?? 0)
      withLast[k] = below * (withLast[k] ?? 0) + fewer + density * (above[k] ?? 0)
    }
    for (let k = size; k >= 0; k--) {
      const fewer = k === 0 ? 0 : (1 - below) * (above[k - 1] ?? 0)
      above[k] = below * (above[k] ?? 0) + fewer
    }
  }
}

/** For each: the probability that all before it draw below t. */
function productsBefore(curves: readonly Curve[], point: number): Float64Array {
  const products = new Float64Array(curves.length)
  let product = 1
  curves.forEach(({ below }, index) => {
    products[index] = product
    product *= below[point] ?? 0
  })
  return products
}

function valuesAt(curve: Curve | undefined, point: number) {
  return { density: curve?.density[point], below: curve?.below[point] }
}

/** log x and log (1 - x) of the grid's points, x = 1 / (1 + exp(-logit)). */
interface Grid {
  readonly step: number
  readonly logX: Float64Array
  readonly logRest: Float64Array
}

/** Wide enough for every tail: left of the middle it falls with alpha, right with beta. */
function gridOf(shapes: readonly BetaShape[]): Grid {
  const ends = shapes.map(({ alpha, beta }) => {
    const middle = Math.log(alpha / beta)
    const wide = 6 * Math.sqrt(1 / alpha + 1 / beta)
    return [middle - wide - 12 / alpha, middle + wide + 12 / beta] as const
  })
  const from = Math.min(...ends.map(([left]) => left))
  const step = (Math.max(...ends.map(([, right]) => right)) - from) / (POINTS - 1)
  const logits = Float64Array.from({ length: POINTS }, (_, point) => from + point * step)
  return {
    step,
    logX: logits.map((logit) => -softplus(-logit)),
    logRest: logits.map((logit) => -softplus(logit)),
  }
}

/** Equal shapes, the usual case among posts that nobody saw, share a curve. */
function curvesOf(shapes: readonly BetaShape[], grid: Grid): readonly Curve[] {
  const known = new Map<string, Curve>()
  return shapes.map((shape) => {
    const key = `${shape.alpha} ${shape.beta}`
    const curve = known.get(key) ?? curveOf(shape, grid)
    known.set(key, curve)
    return curve
  })
}

/** The logit's density is x^alpha (1 - x)^beta up to a constant. */
function curveOf({ alpha, beta }: BetaShape, { step, logX, logRest }: Grid): Curve {
  const mean = alpha / (alpha + beta)
  const atMode = alpha * Math.log(mean) + beta * Math.log(1 - mean)
  const density = logX.map((log, point) =>
    Math.exp(alpha * log + beta * (logRest[point] ?? 0) - atMode),
  )
  const below = new Float64Array(POINTS)
  let total = 0
  for (let point = 1; point < POINTS; point++) {
    total += (step * ((density[point - 1] ?? 0) + (density[point] ?? 0))) / 2
    below[point] = total
  }
  for (let point = 0; point < POINTS; point++) {
    density[point] = (density[point] ?? 0) / total
    below[point] = (below[point] ?? 0) / total
  }
  return { density, below }
}

/** log(1 + exp(x)), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
