/** 64 bits as two unsigned halves of 32: numbers, for a BigInt each step costs several times. */
export interface Word {
  high: number
  low: number
}

/** Two 64-bit halves. */
export interface Hash128 {
  readonly first: Readonly<Word>
  readonly second: Readonly<Word>
}

const KEY_BYTES = 8
const BILLION = 1_000_000_000
const TWO_16 = 65_536
const TWO_32 = 4_294_967_296

/** Of a decimal id, 1 to 2^64 - 1. Every step is exact in a double. */
function toWord(id: string): Word {
  const billions = Number(id.slice(0, -9))
  // id = upper · 2^16 + lower; an id of at most 20 digits has at most 11 before the last nine.
  const lower = (billions % TWO_16) * BILLION + Number(id.slice(-9))
  const upper = Math.floor(billions / TWO_16) * BILLION
  const sum = lower + (upper % TWO_16) * TWO_16
  const high = Math.floor(sum / TWO_32) + Math.floor(upper / TWO_16)
  return { high: high >>> 0, low: sum >>> 0 }
}

/** word · constant, in digits of 16 bits. */
function multiply(word: Word, constantHigh: number, constantLow: number): void {
  const { high, low } = word
  const [a, b] = [low & 0xffff, low >>> 16]
  const [c, d] = [constantLow & 0xffff, constantLow >>> 16]
  const lowest = a * c
  const middle = b * c + (lowest >>> 16)
  const other = a * d + (middle & 0xffff)
  const carry = b * d + (middle >>> 16) + (other >>> 16)
  word.low = ((other << 16) | (lowest & 0xffff)) >>> 0
  word.high = (carry + Math.imul(high, constantLow) + Math.imul(low, constantHigh)) >>> 0
}

function add(word: Word, high: number, low: number): void {
  const sum = word.low + low
  word.high = (word.high + high + (sum >= TWO_32 ? 1 : 0)) >>> 0
  word.low = sum >>> 0
}

function rotateLeft31(word: Word): void {
  const { high, low } = word
  word.high = ((high << 31) | (low >>> 1)) >>> 0
  word.low = ((low << 31) | (high >>> 1)) >>> 0
}

/** word ^= word >> 33 */
function foldDown(word: Word): void {
  word.low = (word.low ^ (word.high >>> 1)) >>> 0
}

function mix(word: Word): void {
  foldDown(word)
  multiply(word, 0xff51afd7, 0xed558ccd)
  foldDown(word)
  multiply(word, 0xc4ceb9fe, 0x1a85ec53)
  foldDown(word)
}

/**
 * MurmurHash3_x64_128, seed 0, of the 8 little-endian bytes of a decimal id (1 to 2^64 - 1): a key
 * of eight bytes is all tail, so the loop over blocks falls away.
 */
export function hashId128(id: string): Hash128 {
  const first = toWord(id)
  multiply(first, 0x87c37b91, 0x114253d5)
  rotateLeft31(first)
  multiply(first, 0x4cf5ad43, 0x2745937f)
  first.low = (first.low ^ KEY_BYTES) >>> 0
  add(first, 0, KEY_BYTES)
  const second = { high: first.high, low: first.low }
  add(second, 0, KEY_BYTES)
  mix(first)
  mix(second)
  add(first, second.high, second.low)
  add(second, first.high, first.low)
  return { first, second }
}
