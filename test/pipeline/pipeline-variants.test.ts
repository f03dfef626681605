import { describe, expect, it } from 'vitest'
import { createHomeFeed } from '../../src/pipeline/home-feed.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import { createHomeFeedTable } from '../../src/pipeline/home-feed.table.ts'
import {
  createFeedSettings,
  DEFAULT_SETTINGS,
  type RequestSettings,
} from '../../src/pipeline/params/feed-settings.ts'
import { parseOverrides } from '../../src/pipeline/params/param-overrides.ts'
import { readSwitchRules } from '../../src/pipeline/params/switch-rules.ts'
import { PipelineVariants } from '../../src/pipeline/pipeline-variants.ts'
import { toScoreBreakdown } from '../../src/pipeline/score-breakdown.ts'
import { createDependencies, WORLD } from './contract-world.ts'
import { loadersOf, NOW_MS, VIEWER } from './home-feed-fixtures.ts'

const rules = readSwitchRules(createHomeFeedTable().stages)

function settingsOf(...texts: [string, string][]): RequestSettings {
  const { overrides, faults } = parseOverrides(
    texts.map(([name, value]) => ({ name, value })),
    rules,
  )
  expect(faults).toEqual([])
  return { ...createFeedSettings(overrides), arms: ['a:b'], overrides: '' }
}

function createSetting(more: Partial<HomeFeedDependencies> = {}) {
  const dependencies = createDependencies(more)
  const homeFeed = createHomeFeed(dependencies)
  const rank = (settings?: RequestSettings, requestId = 'r') =>
    homeFeed.rank(
      {
        requestId,
        viewerId: VIEWER,
        filter: EMPTY_FILTER,
        countryCode: null,
        languages: [],
        alsoSeenPostIds: new Set(),
        sessionServedPostIds: new Set(),
        slateSize: 50,
        loaders: loadersOf(WORLD),
      },
      {
        nowMs: NOW_MS,
        signal: new AbortController().signal,
        ...(settings === undefined ? {} : { settings }),
      },
    )
  return { dependencies, homeFeed, rank }
}

describe('a request with settings of its own', () => {
  it('is ranked by them, beside requests that are not', async () => {
    const { rank } = createSetting()
    const settings = settingsOf(['outOfNetwork.factor', '0.1'])
    const [plain, changed] = await Promise.all([rank(), rank(settings)])
    const factors = (feed: typeof plain) =>
      new Set(feed.candidates.map(({ outOfNetworkFactor }) => outOfNetworkFactor))
    expect(factors(plain)).toEqual(new Set([1, 0.75]))
    expect(factors(changed)).toEqual(new Set([1, 0.1]))
  })

  it('does not claim the published weights, and is explained by its own', async () => {
    const { rank, homeFeed, dependencies } = createSetting()
    const settings = settingsOf(['actionWeights.favorite', '2'])
    const feed = await rank(settings)
    expect(feed.weightsVersion).toBe(`published-2026-08-12+${settings.digest.slice(0, 8)}`)
    for (const candidate of feed.candidates) {
      const breakdown = toScoreBreakdown(candidate, settings.params)
      const favorite = breakdown?.terms.find(({ head }) => head === 'favorite')
      expect(favorite?.weight).toBe(2)
      const [offset] = breakdown?.adjustments ?? []
      expect(offset?.before).toBeCloseTo(candidate.weightedScore! - 0.001, 6)
    }
    await homeFeed.drain()
    expect(dependencies.requestCache.get('r')).toMatchObject({
      weightsVersion: feed.weightsVersion,
      settingsDigest: settings.digest,
      arms: ['a:b'],
    })
  })

  it.each(
    [...rules]
      .filter(([, reason]) => reason === null)
      .map(([name]) => name)
      // Without them a slate is the smaller one of the other source.
      .filter((name) => !name.endsWith('Source')),
  )('is answered without %s, every post with a score', async (name) => {
    const { rank } = createSetting()
    const feed = await rank(settingsOf([`components.${name}`, 'off']))
    expect(feed.candidates.length).toBeGreaterThan(2)
    expect(feed.candidates.filter(({ score }) => score === undefined)).toEqual([])
    expect(feed.degradation).toEqual([])
    const report = feed.pipelineResult.components.find(({ component }) => component === name)
    // A side effect has no report of its own in the answer.
    expect(report?.enabled ?? false).toBe(false)
  })

  it('is ranked by rules alone when the ranker is off, and does not call it a failure', async () => {
    const { rank } = createSetting()
    const feed = await rank(settingsOf(['components.PhoenixScorer', 'off']))
    expect(new Set(feed.candidates.map(({ scoredBy }) => scoredBy))).toEqual(new Set(['fallback']))
    expect(feed).toMatchObject({ modelVersion: null, degradation: [] })
  })
})

describe('PipelineVariants', () => {
  const create = (variantsMax: number) =>
    new PipelineVariants(createDependencies(), { variantsMax })

  it('builds one pair a set, and holds the default one for ever', () => {
    const variants = create(2)
    const byDefault = variants.of(DEFAULT_SETTINGS)
    const one = variants.of(settingsOf(['age.ageMsMax', '1000']))
    expect(variants.of(settingsOf(['age.ageMsMax', '1000']))).toBe(one)
    expect(one).not.toBe(byDefault)
    for (const ms of ['1', '2', '3']) variants.of(settingsOf(['age.ageMsMax', ms]))
    expect(variants.size).toBe(2)
    expect(variants.of(settingsOf(['age.ageMsMax', '1000']))).not.toBe(one)
    expect(variants.of(DEFAULT_SETTINGS)).toBe(byDefault)
  })

  it('lets as many gather at once as one pipeline would', async () => {
    let waiting = 0
    let most = 0
    const release: (() => void)[] = []
    const { rank } = createSetting({
      budgetMs: 60_000,
      popular: { popularPosts: async () => [] },
      retrieval: {
        async retrieve() {
          waiting += 1
          most = Math.max(most, waiting)
          await new Promise<void>((resolve) => release.push(resolve))
          waiting -= 1
          return { posts: [], modelVersion: 'm' }
        },
      },
    })
    const asked = ['1', '2', '3', '4', '5', '6'].map((ms) =>
      rank(settingsOf(['served.idsMax', ms], ['timeout.retrieval', '5000'])),
    )
    while (release.length < 4) await new Promise((resolve) => setImmediate(resolve))
    expect(most).toBe(4)
    const all = Promise.all(asked)
    const answered = { done: false }
    void all.then(() => (answered.done = true))
    while (!answered.done) {
      release.splice(0).forEach((letGo) => letGo())
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(most).toBe(4)
  })

  it('waits for the side effects of every pipeline', async () => {
    const { rank, homeFeed, dependencies } = createSetting()
    await rank(undefined, 'plain')
    await rank(settingsOf(['age.ageMsMax', '172800000'], ['served.idsMax', '7']), 'changed')
    await homeFeed.drain()
    expect(dependencies.requestCache.get('plain')).toBeDefined()
    expect(dependencies.requestCache.get('changed')).toBeDefined()
  })
})
