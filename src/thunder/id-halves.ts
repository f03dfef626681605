/**
 * A 64-bit id as two int32: arrays of them cost no heap and compare without a BigInt.
 * id = high · 2^32 + (low as unsigned); 0, 0 = none.
 */
export interface IdHalves {
  low: number
  high: number
}

const BILLION = 1_000_000_000
const TWO_16 = 65_536
const TWO_32 = 4_294_967_296

function digitsOf(text: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - 48
  return value
}

/** Splits a decimal id (1 to 2^63 - 1, as `ids.ts` promises). Every step is exact in a double. */
export function splitId(id: string, into: IdHalves): IdHalves {
  const cut = Math.max(0, id.length - 9)
  const billions = digitsOf(id, 0, cut)
  const rest = digitsOf(id, cut, id.length)
  // id = upper · 2^16 + lower, where upper < 2^48 and lower < 2^47.
  const lower = (billions % TWO_16) * BILLION + rest
  const upper = Math.floor(billions / TWO_16) * BILLION
  const sum = lower + (upper % TWO_16) * TWO_16
  into.low = sum | 0
  into.high = (Math.floor(sum / TWO_32) + Math.floor(upper / TWO_16)) | 0
  return into
}

/** The decimal id of two halves: long division by 10^9, 16 bits at a time. */
export function joinId(low: number, high: number): string {
  const top = Math.floor(high / BILLION)
  const middle = (high - top * BILLION) * TWO_16 + (low >>> 16)
  const middleBillions = Math.floor(middle / BILLION)
  const bottom = (middle - middleBillions * BILLION) * TWO_16 + (low & 0xffff)
  const bottomBillions = Math.floor(bottom / BILLION)
  const billions = (top * TWO_16 + middleBillions) * TWO_16 + bottomBillions
  const rest = String(bottom - bottomBillions * BILLION)
  return billions === 0 ? rest : String(billions) + rest.padStart(9, '0')
}

/** Spreads an id's bits over 32: upper bits and lower ones are fit to choose by. */
export function hashId(low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
