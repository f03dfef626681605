import { expect, it } from 'vitest'
import {
  addToBloom,
  createBloomEntry,
  hashCountOf,
  mayContain,
} from '../../../src/store/seen/bloom-filter.ts'
import { hashId128 } from '../../../src/store/seen/murmur3.ts'

/**
 * By another implementation: mmh3 5.3.1 of PyPI, `hash64(struct.pack('<Q', id), signed=False)`, and
 * ten lines of Python over it for the words.
 */
const HASHES = [
  ['1', 0x004403b7fb05c44an, 0x3d8acdb4d36d9c06n],
  ['2', 0xde0820a06c76c0a8n, 0xe535e296538b77a5n],
  ['255', 0x74130ca7e0c64038n, 0x1a91ed9a5f4d7323n],
  ['2147483648', 0x1bbdad3fe2b02d37n, 0x0a48ea2f0778bf51n],
  ['4294967296', 0x237ebf69459a7ebbn, 0x1c2ca43b3e83421cn],
  ['9007199254740993', 0xc58523ba55dae5f4n, 0x0271358663534c90n],
  ['1800000000000000000', 0xa5eb7209b90e2e65n, 0xb2b28b94ec5708c7n],
  ['9223372036854775807', 0x6c76ebcbdad669d4n, 0x7dfb92c0a9003d9en],
] as const

/** The same function in whole numbers, as its authors wrote it. */
function hashSlowly(id: bigint): readonly [bigint, bigint] {
  const wrap = (value: bigint) => BigInt.asUintN(64, value)
  const mix = (value: bigint) => {
    const once = wrap((value ^ (value >> 33n)) * 0xff51afd7ed558ccdn)
    const twice = wrap((once ^ (once >> 33n)) * 0xc4ceb9fe1a85ec53n)
    return twice ^ (twice >> 33n)
  }
  const scaled = wrap(id * 0x87c37b91114253d5n)
  const key = wrap((wrap(scaled << 31n) | (scaled >> 33n)) * 0x4cf5ad432745937fn)
  const first = wrap((key ^ 8n) + 8n)
  const second = mix(wrap(first + 8n))
  const sum = wrap(mix(first) + second)
  return [sum, wrap(second + sum)]
}

function hashOf(id: string): readonly bigint[] {
  const { first, second } = hashId128(id)
  return [first, second].map(({ high, low }) => (BigInt(high) << 32n) | BigInt(low))
}

it.each(HASHES)('hashes %s as others do', (id, first, second) => {
  expect(hashOf(id)).toEqual([first, second])
  expect(hashSlowly(BigInt(id))).toEqual([first, second])
})

it('hashes ids of every length as whole numbers do', () => {
  let id = 1n
  for (let round = 0; round < 20_000; round += 1) {
    id = BigInt.asUintN(64, id * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n)
    const shorter = (id >> BigInt(round % 64)) | 1n
    expect(hashOf(String(shorter))).toEqual(hashSlowly(shorter))
  }
})

it('sets the bits that others set', () => {
  const entry = createBloomEntry({ sizeCap: 10, falsePositiveRate: 0.01 })
  expect(hashCountOf(entry)).toBe(9)
  for (const [id] of HASHES) addToBloom(entry, hashId128(id))
  const words = new DataView(entry.words.buffer)
  expect([0, 8].map((offset) => words.getBigUint64(offset, true))).toEqual([
    0x9d907d5228918552n,
    0xcc1c45be1ad13590n,
  ])
})

it('has the published size: 19,200 bits and 7 hashes for 2,000 posts at 1 %', () => {
  const entry = createBloomEntry({ sizeCap: 2_000, falsePositiveRate: 0.01 })
  expect([entry.words.length * 8, hashCountOf(entry)]).toEqual([19_200, 7])
  expect(hashCountOf({ ...entry, sizeCap: 1e9 })).toBe(1)
})

it('contains nothing without words', () => {
  const entry = { words: new Uint8Array(), sizeCap: 10, falsePositiveRate: 0.01 }
  expect(mayContain(entry, hashId128('1'))).toBe(false)
})

/** Snowflakes of one millisecond each, as ids of posts are. */
const idOf = (index: number) => String(1_800_000_000_000_000_000n + (BigInt(index) << 22n))

it('forgets nothing, and claims about one post in a hundred that it never had', () => {
  const entry = createBloomEntry({ sizeCap: 2_000, falsePositiveRate: 0.01 })
  for (let index = 0; index < 2_000; index += 1) {
    addToBloom(entry, hashId128(idOf(index)))
    expect(mayContain(entry, hashId128(idOf(index)))).toBe(true)
  }
  const claims = (from: number, to: number) => {
    let count = 0
    for (let index = from; index < to; index += 1) {
      if (mayContain(entry, hashId128(idOf(index)))) count += 1
    }
    return count
  }
  expect(claims(0, 2_000)).toBe(2_000)
  // 400 of 40,000 are expected, give or take 20 (one deviation).
  const wrong = claims(2_000, 42_000)
  expect(wrong).toBeGreaterThan(300)
  expect(wrong).toBeLessThan(500)
})
