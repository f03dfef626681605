/** Numbers in [0, 1), one a call. */
export type Random = () => number

const WORD = 2 ** 32
/** Outputs thrown away until the four words of state depend on all of the seed. */
const WARM_UP = 12

/**
 * A source of numbers that depends on the seed alone, so that a request that is ranked again draws
 * the same. Not for secrets. sfc32 (Chris Doty-Humphrey, PractRand), seeded by FNV-1a.
 */
export function createSeededRandom(seed: string): Random {
  let [a, b, c, counter] = [hashOf(seed, 0), hashOf(seed, 1), hashOf(seed, 2), 1]
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let index = 0; index < WARM_UP; index++) next()
  return () => next() / WORD
}

/** FNV-1a over UTF-16 units, 32 bits; another lane, another hash. */
function hashOf(text: string, lane: number): number {
  let hash = 0x811c9dc5 ^ lane
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
