import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/pipeline/cold-start/seeded-random.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { post } from '../home-feed-fixtures.ts'
import { crowd, lift, RULES, scored, small } from './cold-start-fixtures.ts'

describe('chance', () => {
  const thompson = { ...RULES, thompsonSampling: true, topK: 1 }
  /** The last one's likes promise most. */
  const rivals = [
    small(1, 0.7, { likes: 0, views: 900 }),
    small(2, 0.72, { likes: 0, views: 0 }),
    small(3, 0.71, { likes: 500, views: 900 }),
  ]

  it('draws the place evenly, and says how probable that was', async () => {
    const seen = new Map<number, number>()
    for (let request = 0; request < 90; request++) {
      const list = [...crowd(), small(2, 0.75)]
      const { lifted, propensities } = await lift(list, { slotMax: 18 }, `request-${request}`)
      const score = lifted[0]?.score ?? 0
      seen.set(score, (seen.get(score) ?? 0) + 1)
      expect(propensities.at(-1)).toBeCloseTo(1 / 3, 12)
      expect(new Set(propensities.slice(0, -1))).toEqual(new Set([1]))
    }
    expect(new Set(seen.keys())).toEqual(new Set([0.83, 0.84, 0.85]))
    for (const count of seen.values()) expect(count).toBeGreaterThan(15)
  })

  it('adds places up that give the same score', async () => {
    const flat = crowd().map((each, index) =>
      index === 16 ? { ...each, weightedScore: 0.85 } : each,
    )
    const shares = new Set<number | null | undefined>()
    for (let request = 0; request < 30; request++) {
      const { propensities } = await lift([...flat, small(2, 0.75)], { slotMax: 18 }, `r${request}`)
      shares.add(propensities.at(-1))
    }
    const rounded = new Set([...shares].map((share) => share?.toFixed(9)))
    expect(rounded).toEqual(new Set(['0.333333333', '0.666666667']))
  })

  it('prefers what is liked, and tells each how probable its score was', async () => {
    const lifts = new Map<string | undefined, number>()
    let propensities: readonly (number | null | undefined)[] = []
    for (let request = 0; request < 30; request++) {
      const answer = await lift([...crowd(), ...rivals], thompson, `request-${request}`)
      const id = answer.lifted[0]?.id
      lifts.set(id, (lifts.get(id) ?? 0) + 1)
      if (id === '3') propensities = answer.propensities.slice(-3)
    }
    // The prior of an unseen post is below 0.1 nearly always, the third's likes are above 0.5.
    expect(lifts.get('3')).toBeGreaterThan(27)
    expect(propensities[2]).toBeGreaterThan(0.99)
    expect(propensities[0]).toBeGreaterThan(0.99)
  })

  it('agrees with itself: lifts come as often as their propensity says', async () => {
    const equals = [1, 2, 3].map((id) => small(id, 0.7 + id / 100, { likes: 5, views: 100 }))
    const list = [...crowd(), ...equals]
    const options = { ...thompson, topK: 2 }
    const lifts = [0, 0, 0]
    const expected = [0, 1 / 3, 2 / 3]
    for (let request = 0; request < 80; request++) {
      const { lifted, propensities } = await lift(list, options, `request-${request}`)
      const chosen = Number(lifted[0]?.id) - 1
      lifts[chosen] = (lifts[chosen] ?? 0) + 1
      for (const [index, probability] of expected.entries()) {
        const propensity = index === chosen ? probability : 1 - probability
        expect(propensities[40 + index]).toBeCloseTo(propensity, 2)
      }
    }
    expected.forEach((share, index) => expect((lifts[index] ?? 0) / 80).toBeCloseTo(share, 0))
  })

  it('counts likes up to the views, and views by their scale', async () => {
    // 50 likes of 10 views count as 10; at a scale of 0 nothing but the prior is left.
    const list = [...crowd(), small(1, 0.7, { likes: 50, views: 10 }), small(2, 0.71)]
    const propensityOf = async (viewScale: number) => {
      const { propensities, lifted } = await lift(list, { ...thompson, viewScale })
      const propensity = propensities.at(-1) ?? 0
      return lifted[0]?.id === '2' ? propensity : 1 - propensity
    }
    expect(await propensityOf(0)).toBeCloseTo(0.5, 2)
    // Beta(10.75, 49.25) against Beta(0.75, 49.25): the second is rarely larger.
    expect(await propensityOf(1)).toBeLessThan(0.01)
  })

  it.each([{ topK: 0 }, { priorLikes: 0 }, { priorPasses: 0 }, { thompsonSampling: false }])(
    'goes by score alone with %o',
    async (more) => {
      const { lifted, propensities } = await lift([...crowd(), ...rivals], { ...thompson, ...more })
      expect(lifted).toEqual([{ id: '2', score: 0.85 }])
      expect(new Set(propensities)).toEqual(new Set([1]))
    },
  )
})

describe('whatever the pool', () => {
  /** A pool of random size, scores and authors. */
  function randomPool(seed: string): PostCandidate[] {
    const random = createSeededRandom(seed)
    return Array.from({ length: Math.floor(random() * 60) }, (_, index) =>
      scored(post(index + 1, 10 + (index % 7)), Math.round(random() * 20) / 10, {
        followers: Math.round(random() * 2_000),
        views: Math.round(random() * 2_000),
        likes: Math.round(random() * 100),
        ...(random() < 0.1 ? { scoredBy: 'fallback' } : {}),
      }),
    )
  }

  it('changes one post at most, lowers none, and repeats itself', async () => {
    let lifts = 0
    for (let seed = 0; seed < 60; seed++) {
      const pool = randomPool(`pool ${seed}`)
      const options = {
        thompsonSampling: seed % 2 === 0,
        slotMax: 15 + (seed % 4),
        slotMin: seed % 16,
      }
      const { patches, lifted, propensities } = await lift(pool, options, `seed ${seed}`)
      expect(lifted.length).toBeLessThanOrEqual(1)
      lifts += lifted.length
      patches.forEach((patch, index) => {
        if (patch instanceof Error) throw patch
        const before = pool[index]?.weightedScore ?? 0
        expect(patch.coldStartScore ?? Infinity).toBeGreaterThan(before)
      })
      for (const propensity of propensities) {
        expect(propensity).toBeGreaterThan(0)
        expect(propensity).toBeLessThanOrEqual(1.01)
      }
      expect((await lift(pool, options, `seed ${seed}`)).patches).toEqual(patches)
    }
    expect(lifts).toBeGreaterThan(2)
  })
})
