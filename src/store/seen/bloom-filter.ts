import type { Hash128, Word } from './murmur3.ts'

/** A set that may claim too much and never too little, in the published form. */
export interface BloomEntry {
  /** m bits: 64-bit words, each little-endian. Bit b is bit b mod 8 of byte floor(b / 8). */
  readonly words: Uint8Array
  /** n: how many items it is made for. */
  readonly sizeCap: number
  /** p in (0, 1): the chance of a false claim once it holds `sizeCap` items. */
  readonly falsePositiveRate: number
}

const WORD_BITS = 64

/** An empty set of m = ceil(-n ln p / (ln 2)^2) bits, rounded up to whole words. */
export function createBloomEntry(
  size: Pick<BloomEntry, 'sizeCap' | 'falsePositiveRate'>,
): BloomEntry {
  const { sizeCap, falsePositiveRate } = size
  const bits = Math.ceil((-sizeCap * Math.log(falsePositiveRate)) / Math.LN2 ** 2)
  const words = new Uint8Array(Math.ceil(bits / WORD_BITS) * (WORD_BITS / 8))
  return { words, sizeCap, falsePositiveRate }
}

/** k = max(1, round(m / n x ln 2)). */
export function hashCountOf({ words, sizeCap }: BloomEntry): number {
  return Math.max(1, Math.round(((words.length * 8) / sizeCap) * Math.LN2))
}

/** Whether the item may be in the set; never false for one that was added. */
export function mayContain(entry: BloomEntry, hash: Hash128): boolean {
  const { words } = entry
  if (words.length === 0) return false
  return everyBit(entry, hash, (bit) => ((words[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0)
}

/** Adds in place. */
export function addToBloom(entry: BloomEntry, hash: Hash128): void {
  const { words } = entry
  everyBit(entry, hash, (bit) => {
    words[bit >>> 3] = (words[bit >>> 3] ?? 0) | (1 << (bit & 7))
    return true
  })
}

/** bit i = (h1 + i h2) mod m for i below k, in whole numbers: the sum does not wrap at 2^64. */
function everyBit(entry: BloomEntry, hash: Hash128, holds: (bit: number) => boolean): boolean {
  const bits = entry.words.length * 8
  const start = modulo(hash.first, bits)
  const step = modulo(hash.second, bits)
  const count = hashCountOf(entry)
  for (let index = 0; index < count; index++) {
    if (!holds((start + index * step) % bits)) return false
  }
  return true
}

/** Exact for sets of less than 2^26 bits (8 MB). */
function modulo({ high, low }: Readonly<Word>, bits: number): number {
  return ((high % bits) * (2 ** 32 % bits) + low) % bits
}
