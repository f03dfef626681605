import { describe, expect, it } from 'vitest'
import { spacingOf } from '../../../../src/pipeline/blending/promoted/blend.ts'
import type {
  BlendedAd,
  BlendedPost,
  Blender,
  BlendRules,
} from '../../../../src/pipeline/blending/promoted/blend.ts'
import { blendPartition } from '../../../../src/pipeline/blending/promoted/partition-blender.ts'
import { blendSafeGap } from '../../../../src/pipeline/blending/promoted/safe-gap-blender.ts'

const RULES: BlendRules = {
  postsForAdsMin: 5,
  requestedGapMin: 3,
  spacing: { requested: 3, min: 2 },
  resultSize: 35,
}

/** p0 to p(count - 1); those of `avoid` are no company for an advertisement. */
function posts(count: number, avoid: readonly number[] = []): BlendedPost<string>[] {
  return Array.from({ length: count }, (_, index) => ({
    item: `p${index}`,
    safety: avoid.includes(index) ? 'medium-risk' : 'safe',
  }))
}

/** A0, A1 ... at these positions; `refusals`: what each does not stand beside. */
function ads(
  positions: readonly number[],
  refusals: Readonly<Record<string, readonly string[]>> = {},
): BlendedAd<string>[] {
  return positions.map((insertPosition, index) => {
    const item = `A${index}`
    return {
      item,
      insertPosition,
      mayStandBeside: (post) => !(refusals[item] ?? []).includes(post.item),
    }
  })
}

const every = (step: number, count: number) =>
  Array.from({ length: count }, (_, index) => 1 + step * index)

interface Case {
  readonly what: string
  readonly posts: BlendedPost<string>[]
  readonly ads: BlendedAd<string>[]
  readonly expected: string
}

const blend = (blender: Blender, { posts: given, ads: offered }: Case, more = {}) =>
  blender(given, offered, { ...RULES, ...more }).join(' ')

const PARTITIONS: readonly Case[] = [
  {
    what: 'ten safe posts: a third promoted post finds no place',
    posts: posts(10),
    ads: ads([1, 5, 9]),
    expected: 'p0 A0 p1 p2 p3 p4 p5 A1 p6 p7 p8 p9',
  },
  {
    what: 'twelve posts, three to be avoided: rank order gives way to safety',
    posts: posts(12, [1, 4, 7]),
    ads: ads([2, 5, 8, 11]),
    expected: 'p0 A0 p2 p1 p3 p5 A1 p6 p4 p7 p9 A2 p10 p8 p11',
  },
  {
    what: 'four posts',
    posts: posts(4),
    ads: ads([1, 5]),
    expected: 'p0 p1 p2 p3',
  },
  {
    what: 'no promoted posts, and more posts than the size',
    posts: posts(36),
    ads: [],
    expected: posts(36)
      .map(({ item }) => item)
      .join(' '),
  },
  {
    what: 'one safe post: a pair needs two',
    posts: posts(6, [1, 2, 3, 4, 5]),
    ads: ads([1]),
    expected: 'p0 p1 p2 p3 p4 p5',
  },
  {
    what: 'one that refuses a neighbour is dropped, and the next gets its place',
    posts: posts(10),
    ads: ads([1, 5, 9], { A0: ['p1'] }),
    expected: 'p0 A1 p1 p2 p3 p4 p5 A2 p6 p7 p8 p9',
  },
  {
    what: 'all refuse: posts as they were',
    posts: posts(10),
    ads: ads([1, 5], { A0: ['p0'], A1: ['p0'] }),
    expected: posts(10)
      .map(({ item }) => item)
      .join(' '),
  },
]

describe('blendPartition', () => {
  it.each(PARTITIONS)('$what', (each) => {
    expect(blend(blendPartition, each)).toBe(each.expected)
  })

  it('lets promoted posts displace the lowest posts when the size is full', () => {
    const blended = blendPartition(posts(35), ads(every(4, 9)), RULES)
    expect(blended).toHaveLength(35)
    expect(blended.filter((item) => item.startsWith('A'))).toEqual(
      every(1, 7).map((index) => `A${index - 1}`),
    )
    expect(blended[1]).toBe('A0')
  })

  it('never ends with a promoted post', () => {
    const [first] = PARTITIONS
    expect(first && blend(blendPartition, first, { resultSize: 8 })).toBe('p0 A0 p1 p2 p3 p4 p5')
  })

  it('keeps avoided posts off every promoted one, whatever the posts', () => {
    for (let mask = 0; mask < 1 << 8; mask += 1) {
      const avoid = [...Array(8).keys()].filter((index) => ((mask >> index) & 1) === 1)
      for (const blender of [blendPartition, blendSafeGap]) {
        const blended = blender(posts(8, avoid), ads([1, 4]), RULES)
        const organic = blended.filter((item) => item.startsWith('p'))
        expect(new Set(organic).size).toBe(8)
        for (const [index, item] of blended.entries()) {
          if (!item.startsWith('A')) continue
          for (const neighbour of [blended[index - 1], blended[index + 1]]) {
            expect(avoid.map((each) => `p${each}`)).not.toContain(neighbour)
            expect(neighbour).toMatch(/^p/)
          }
        }
      }
    }
  })
})

const SAFE_GAPS: readonly Case[] = [
  {
    what: 'six safe posts',
    posts: posts(6),
    ads: ads([1, 4]),
    expected: 'p0 A0 p1 p2 p3 A1 p4 p5',
  },
  {
    what: 'a position below 0: the first gap',
    posts: posts(6),
    ads: ads([-7]),
    expected: 'p0 A0 p1 p2 p3 p4 p5',
  },
  {
    what: 'an unsafe neighbourhood: the nearest safe gap, of two the earlier',
    posts: posts(8, [3]),
    ads: ads([4]),
    expected: 'p0 p1 p2 p3 p4 A0 p5 p6 p7',
  },
  {
    what: 'the next place counts from where the last should have been',
    posts: posts(10, [0, 1, 2]),
    ads: ads([1, 4, 7]),
    expected: 'p0 p1 p2 p3 A0 p4 p5 A1 p6 p7 A2 p8 p9',
  },
  {
    what: 'nothing but unsafe posts',
    posts: posts(5, [0, 1, 2, 3, 4]),
    ads: ads([1]),
    expected: 'p0 p1 p2 p3 p4',
  },
  { what: 'four posts', posts: posts(4), ads: ads([1]), expected: 'p0 p1 p2 p3' },
]

describe('blendSafeGap', () => {
  it.each(SAFE_GAPS)('$what', (each) => {
    expect(blend(blendSafeGap, each)).toBe(each.expected)
  })
})

describe('spacingOf', () => {
  it.each([
    ['fewer than two', [5], { requested: 3, min: 2 }],
    ['the smallest positive difference, in any order', [20, 4, 11, 4], { requested: 7, min: 4 }],
    ['closer than three', [1, 3, 9], { requested: 3, min: 2 }],
    ['all at one place', [4, 4, 4], { requested: 3, min: 2 }],
    ['the first four only', [0, 10, 20, 30, 31], { requested: 10, min: 5 }],
    ['below 0 is 0', [-9, 4], { requested: 4, min: 2 }],
  ] as const)('%s', (_what, positions, expected) => {
    expect(spacingOf(ads(positions), RULES)).toEqual(expected)
  })
})
