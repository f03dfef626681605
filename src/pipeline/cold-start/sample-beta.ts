import type { Random } from './seeded-random.ts'

/** The two shapes of a Beta distribution, above 0: successes and failures, priors included. */
export interface BetaShape {
  readonly alpha: number
  readonly beta: number
}

/** Draws from Beta(alpha, beta): a Gamma variate's share of two. In [0, 1]; NaN if both are 0. */
export function sampleBeta({ alpha, beta }: BetaShape, random: Random): number {
  const successes = sampleGamma(alpha, random)
  return successes / (successes + sampleGamma(beta, random))
}

/**
 * Draws from Gamma(shape, 1). Marsaglia and Tsang, "A simple method for generating gamma
 * variables" (2000); below shape 1 by their boost, Gamma(shape + 1) x U^(1 / shape).
 */
export function sampleGamma(shape: number, random: Random): number {
  if (shape < 1) return sampleGamma(shape + 1, random) * aboveZero(random) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const normal = sampleNormal(random)
    const root = 1 + c * normal
    if (root <= 0) continue
    const cube = root ** 3
    const bound = normal ** 2 / 2 + d * (1 - cube + Math.log(cube))
    if (Math.log(aboveZero(random)) < bound) return d * cube
  }
}

/** Box and Muller's; the second of the pair is not kept, so that a draw depends on no other. */
function sampleNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(aboveZero(random))) * Math.cos(2 * Math.PI * random())
}

/** In (0, 1]. */
function aboveZero(random: Random): number {
  return 1 - random()
}
