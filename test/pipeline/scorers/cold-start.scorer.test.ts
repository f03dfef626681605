import { describe, expect, it } from 'vitest'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { coldStartScorer } from '../../../src/pipeline/scorers/cold-start.scorer.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { filledQuery, HOUR_MS, NOW_MS, post, quote, reply, repost } from '../home-feed-fixtures.ts'
import { crowd, lift, RULES, scored, small, type More } from './cold-start-fixtures.ts'

describe('who is lifted, and how far', () => {
  it('lifts the best small author to the score of the sixteenth place', async () => {
    // 42 posts, best first: the one at index 15 scores 0.85.
    const { lifted, propensities } = await lift([small(1, 0.7), ...crowd(), small(2, 0.75)])
    expect(lifted).toEqual([{ id: '2', score: 0.85 }])
    expect(new Set(propensities)).toEqual(new Set([1]))
  })

  it('takes the later of two equals', async () => {
    const { lifted } = await lift([small(1, 0.75), ...crowd(), small(2, 0.75), small(3, 0.7)])
    expect(lifted).toEqual([{ id: '2', score: 0.85 }])
  })

  it('leaves a choice that stands higher where it is, and lifts no other', async () => {
    const { lifted } = await lift([small(1, 0.955), ...crowd(), small(2, 0.7)])
    expect(lifted).toEqual([])
  })

  it('counts the places of the list as it was', async () => {
    // The lifted post's own place is below: index 15 of the original scores stays 0.85.
    const { lifted } = await lift([...crowd(16), small(2, 0.5), ...crowd(10).map(reduced)])
    expect(lifted).toEqual([{ id: '2', score: 0.85 }])
  })

  it('draws one of the places that there are', async () => {
    const list = [...crowd(11), small(2, 0.5)]
    const lifts = async (slots: { slotMin: number; slotMax: number }) => {
      const scores = new Set<number | undefined>()
      for (let request = 0; request < 40; request++) {
        const options = { ...slots, positionShareMax: 1 }
        scores.add((await lift(list, options, `request-${request}`)).lifted[0]?.score)
      }
      return scores
    }
    // The last place is its own.
    expect(await lifts({ slotMin: 8, slotMax: 30 })).toEqual(new Set([0.9, 0.91, 0.92, undefined]))
    expect(await lifts({ slotMin: 12, slotMax: 30 })).toEqual(new Set([undefined]))
    expect(await lifts({ slotMin: 9, slotMax: 9 })).toEqual(new Set([undefined]))
  })

  it('does nothing when it is switched off, or when nobody is eligible', async () => {
    expect(coldStartScorer({ ...RULES, enabled: false }).enable?.(filledQuery())).toBe(false)
    expect(coldStartScorer(RULES).enable?.(filledQuery())).toBe(true)
    const { lifted, propensities } = await lift(crowd())
    expect(lifted).toEqual([])
    expect(new Set(propensities)).toEqual(new Set([1]))
    expect((await lift([])).patches).toEqual([])
  })
})

/** As the crowd, far below it. */
function reduced(each: PostCandidate, index: number): PostCandidate {
  return { ...each, weightedScore: 0.1 - index / 1_000 }
}

const plain = post(1, 20)

describe('eligibility', () => {
  it.each<[string, PostRecord, More, boolean]>([
    ['a small author', plain, {}, true],
    ['a quote', quote(1, 20, post(90, 9)), {}, true],
    ['a reply', reply(1, 20, post(90, 9)), {}, false],
    ['a repost', repost(1, 20, post(90, 9)), {}, false],
    ['what is not known', plain, { core: undefined }, false],
    ['an author of 1,000 followers', plain, { followers: 1_000 }, true],
    ['an author of 1,001 followers', plain, { followers: 1_001 }, false],
    ['an author who is not known', plain, { author: undefined }, false],
    ['an author who is gone', plain, { author: null }, false],
    ['999 views', plain, { views: 999 }, true],
    ['1,000 views', plain, { views: 1_000 }, false],
    ['views that are not known', plain, { engagementCounts: undefined }, false],
    ['a post without counts', plain, { engagementCounts: null }, false],
    ['exactly a day', post(1, 20, { createdAtMs: NOW_MS - 24 * HOUR_MS }), {}, true],
    ['older than a day', post(1, 20, { createdAtMs: NOW_MS - 24 * HOUR_MS - 1 }), {}, false],
    ['no score', plain, { weightedScore: undefined, scoredBy: undefined }, false],
    ['a score that is no number of the model', plain, { scoredBy: 'fallback' }, false],
    ['a score of nobody', plain, { scoredBy: undefined }, false],
    ['a score of 0', plain, { weightedScore: 0 }, false],
  ])('%s', async (_title, core, more, isEligible) => {
    const given = scored(core, 0.75, { followers: 1_000, views: 0, ...more })
    const { lifted } = await lift([...crowd(), given])
    expect(lifted).toEqual(isEligible ? [{ id: '1', score: 0.85 }] : [])
  })

  it.each<[number, number]>([
    // 20 scored posts: floor(0.85 x 20) = 17, so index 16 is the last place that may be lifted.
    [16, 1],
    [17, 0],
  ])('at place %d of 20 lifts %d', async (place, lifts) => {
    const list = crowd(19).toSpliced(place, 0, small(2, 1.005 - place / 100))
    expect((await lift(list)).lifted).toHaveLength(lifts)
  })

  it('counts scores of 0 out of the ranking', async () => {
    const zeros = Array.from({ length: 10 }, (_, index) => scored(post(500 + index, 10), 0))
    // 18 scored: floor(15.3) = 15, and the small author's post is at index 16.
    const list = [...crowd(16), small(2, 0.8), scored(post(3, 10), 0.7), ...zeros]
    expect((await lift(list)).lifted).toEqual([])
    const more = [...list, scored(post(4, 10), 0.6), scored(post(5, 10), 0.5)]
    expect((await lift(more)).lifted).toEqual([{ id: '2', score: 0.85 }])
  })

  it('gives the place of two equals to the earlier', async () => {
    // 20 scored posts: index 16 may be lifted, index 17 may not.
    const rest = [scored(post(3, 10), 0.1), scored(post(4, 10), 0.05)]
    const { lifted } = await lift([...crowd(16), small(1, 0.5), small(2, 0.5), ...rest])
    expect(lifted).toEqual([{ id: '1', score: 0.85 }])
  })

  it.each(['first', 'last'])(
    'leaves what only rules scored out of it, %s in the list',
    async (at) => {
      const byRules = small(7, 9, { scoredBy: 'fallback' })
      const list = [...crowd(), small(2, 0.75)]
      const { lifted } = await lift(at === 'first' ? [byRules, ...list] : [...list, byRules])
      expect(lifted).toEqual([{ id: '2', score: 0.85 }])
    },
  )

  it('lifts among the fallback scores when the model scored nothing', async () => {
    const byRules = (each: PostCandidate): PostCandidate => ({ ...each, scoredBy: 'fallback' })
    const { lifted } = await lift([...crowd(), small(2, 0.75)].map(byRules))
    expect(lifted).toEqual([{ id: '2', score: 0.85 }])
  })
})
