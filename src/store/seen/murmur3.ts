/** Two 64-bit halves, unsigned. */
export type Hash128 = readonly [bigint, bigint]

const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn
const KEY_BYTES = 8n

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function rotate(value: bigint, bits: bigint): bigint {
  return wrap(value << bits) | (value >> (64n - bits))
}

function mix(value: bigint): bigint {
  let mixed = wrap((value ^ (value >> 33n)) * 0xff51afd7ed558ccdn)
  mixed = wrap((mixed ^ (mixed >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return mixed ^ (mixed >> 33n)
}

/**
 * MurmurHash3_x64_128, seed 0, of the 8 little-endian bytes of an id (0 to 2^64 - 1): a key of
 * eight bytes is all tail, so the loop over blocks falls away. About 0.5 us once compiled.
 */
export function hashId128(id: bigint): Hash128 {
  const key = wrap(rotate(wrap(id * C1), 31n) * C2)
  const first = wrap((key ^ KEY_BYTES) + KEY_BYTES)
  const second = mix(wrap(KEY_BYTES + first))
  const sum = wrap(mix(first) + second)
  return [sum, wrap(second + sum)]
}
