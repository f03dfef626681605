import { describe, expect, it } from 'vitest'
import { WEIGHTS_VERSION } from '../../../src/pipeline/action-weights.params.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { createHomeFeedTable } from '../../../src/pipeline/home-feed.table.ts'
import { createFeedSettings, DEFAULT_SETTINGS } from '../../../src/pipeline/params/feed-settings.ts'
import { nearestName } from '../../../src/pipeline/params/nearest-name.ts'
import { parseOverrides, spellOverrides } from '../../../src/pipeline/params/param-overrides.ts'
import { listParams, PARAM_DEFAULTS } from '../../../src/pipeline/params/param-names.ts'
import { listRanges, whyFixed } from '../../../src/pipeline/params/param-ranges.params.ts'
import { readSwitchRules } from '../../../src/pipeline/params/switch-rules.ts'

const rules = readSwitchRules(createHomeFeedTable().stages)
const parse = (...texts: [string, string][]) =>
  parseOverrides(
    texts.map(([name, value]) => ({ name, value })),
    rules,
  )

describe('names and ranges', () => {
  it('name every number of the params', () => {
    const leaves = Object.entries(HOME_FEED_PARAMS).flatMap(([section, values]) =>
      Object.entries(values).map(([key, value]) => [`${section}.${key}`, value] as const),
    )
    const numbers = leaves.filter(([, value]) => typeof value === 'number')
    expect(numbers.filter(([name, value]) => listParams().get(name as never) !== value)).toEqual([])
  })

  it('hold every default within its range', () => {
    const outside = [...listRanges()].filter(([name, { min, max, whole }]) => {
      const value = Number(PARAM_DEFAULTS.get(name))
      return !(value >= min && value <= max && (!whole || Number.isInteger(value)))
    })
    expect(outside).toEqual([])
  })

  it('leave out only what bounds others', () => {
    const fixed = [...PARAM_DEFAULTS.keys()].filter((name) => whyFixed(name) !== null)
    expect(fixed).toEqual(['request.slateSizeMin', 'request.slateSizeMax'])
  })
})

describe('parseOverrides', () => {
  it('reads values by the types of the defaults', () => {
    const { overrides, faults } = parse(
      ['outOfNetwork.factor', '0.5'],
      ['outOfNetwork.rescoresInNetworkRepliesAndReposts', 'false'],
      ['actionWeights.report', '-1e2'],
      ['timeout.ranking', ' 400 '],
      ['components.SlateDiversityScorer', 'off'],
      ['components.VisibilityFilter', 'on'],
    )
    expect(faults).toEqual([])
    expect(spellOverrides(overrides).split('\n')).toEqual([
      'actionWeights.report=-100',
      'components.SlateDiversityScorer=off',
      'components.VisibilityFilter=on',
      'outOfNetwork.factor=0.5',
      'outOfNetwork.rescoresInNetworkRepliesAndReposts=false',
      'timeout.ranking=400',
    ])
  })

  it.each<[string, string, 'name' | 'value', RegExp]>([
    ['outOfNetwork.factr', '1', 'name', /no parameter. Did you mean `outOfNetwork.factor`/],
    ['nothing of the sort', '1', 'name', /no parameter. `npm run describe`/],
    ['outOfNetwork', '1', 'name', /no parameter/],
    ['outOfNetwork.constructor', '1', 'name', /no parameter/],
    ['__proto__.x', '1', 'name', /no parameter/],
    ['request.slateSizeMax', '9', 'name', /the same for everybody: it bounds request.slateSize/],
    ['components.AgeFiltre', 'off', 'name', /Did you mean `components.AgeFilter`/],
    ['components.VisibilityFilter', 'off', 'name', /switched off: it decides who may see what/],
    ['components.CoreDataHydrator', 'off', 'name', /it decides who may see what/],
    ['components.MediaHydrator', 'off', 'name', /CoreDataFilter decides by what it brings/],
    ['components.InNetworkHydrator', 'off', 'name', /VisibilityHydrator decides/],
    ['components.FollowedIdsQueryHydrator', 'off', 'name', /a rule decides/],
    ['components.TopKSelector', 'off', 'name', /there is no order/],
    ['components.AgeFilter', 'no', 'value', /give on or off/],
    ['outOfNetwork.factor', '', 'value', /is "": give a number from 0 to 1 \(default 0.75\)/],
    ['outOfNetwork.factor', '1.01', 'value', /from 0 to 1/],
    ['outOfNetwork.factor', 'NaN', 'value', /from 0 to 1/],
    ['outOfNetwork.factor', '0x1', 'value', /from 0 to 1/],
    ['timeout.ranking', '0', 'value', /a whole number from 1 to 5000 \(default 800\)/],
    ['timeout.ranking', '1.5', 'value', /a whole number/],
    ['timeout.ranking', '5001', 'value', /5000/],
    ['request.slateSize', '20', 'value', /from 50 to 500/],
    ['thunder.postsMax', '-1', 'value', /from 1 to/],
    ['fallback.halfLifeMs', '0', 'value', /from 1 to/],
    ['outOfNetwork.rescoresInNetworkRepliesAndReposts', '1', 'value', /give true or false/],
  ])('refuses %s = %s', (name, value, part, message) => {
    const { overrides, faults } = parse(['age.ageMsMax', '1000'], [name, value])
    expect(faults).toEqual([{ index: 1, part, message: expect.stringMatching(message) }])
    expect(overrides.values.size).toBe(1)
  })

  it('tells of all faults at once, repeated names too', () => {
    const { faults } = parse(['a.b', '1'], ['age.ageMsMax', '5'], ['age.ageMsMax', '6'])
    expect(faults.map(({ index }) => index)).toEqual([0, 2])
    expect(faults[1]?.message).toMatch(/given twice/)
  })
})

it('switches off what nobody depends on, and nothing that decides who may see what', () => {
  const fixed = [...rules].filter(([, reason]) => reason !== null).map(([name]) => name)
  const safety = createHomeFeedTable()
    .stages.flatMap(({ components }) => components)
    .filter(({ failurePolicy }) => failurePolicy === 'fail-closed')
  expect(safety.length).toBeGreaterThan(8)
  expect(safety.filter(({ name }) => !fixed.includes(name))).toEqual([])
  for (const name of ['ThunderSource', 'PhoenixScorer', 'AgeFilter', 'RequestCacheSideEffect']) {
    expect(fixed).not.toContain(name)
  }
})

describe('createFeedSettings', () => {
  const settingsOf = (...texts: [string, string][]) => createFeedSettings(parse(...texts).overrides)

  it('is the published set without overrides, and with those that say the same', () => {
    expect(createFeedSettings().params).toEqual(HOME_FEED_PARAMS)
    expect(settingsOf(['outOfNetwork.factor', '0.750']).digest).toBe(DEFAULT_SETTINGS.digest)
    expect(settingsOf(['components.AgeFilter', 'on']).digest).toBe(DEFAULT_SETTINGS.digest)
  })

  it('lets the later layer win, for switches too', () => {
    const arm = parse(['outOfNetwork.factor', '0.5'], ['components.AgeFilter', 'off']).overrides
    const own = parse(['outOfNetwork.factor', '0.6'], ['components.AgeFilter', 'on']).overrides
    const { params, switchedOff } = createFeedSettings(arm, own)
    expect(params.outOfNetwork.factor).toBe(0.6)
    expect([...switchedOff]).toEqual([])
    expect([...createFeedSettings(arm).switchedOff]).toEqual(['AgeFilter'])
    expect(HOME_FEED_PARAMS.outOfNetwork.factor).toBe(0.75)
  })

  it('claims the published weights only where scores are made with them', () => {
    expect(settingsOf(['outOfNetwork.factor', '0.5']).weightsVersion).toBe(WEIGHTS_VERSION)
    for (const name of ['actionWeights.reply', 'mutualFollow.replyWeightBoost']) {
      const { weightsVersion, digest } = settingsOf([name, '7'])
      expect(weightsVersion).toBe(`published-2026-08-12+${digest.slice(0, 8)}`)
    }
  })

  it('has one digest a set, whatever the order', () => {
    const a = settingsOf(['age.ageMsMax', '5'], ['outOfNetwork.factor', '0.5'])
    const b = settingsOf(['outOfNetwork.factor', '0.5'], ['age.ageMsMax', '5'])
    expect(a.digest).toBe(b.digest)
    const others = [
      settingsOf(['age.ageMsMax', '5']),
      settingsOf(['components.AgeFilter', 'off']),
      settingsOf(['components.SelfPostFilter', 'off']),
    ]
    expect(new Set([a, ...others, DEFAULT_SETTINGS].map(({ digest }) => digest)).size).toBe(5)
  })
})

it.each([
  ['agemsmax', ['age.ageMsMax', 'ageMsMax', 'x'], 'ageMsMax'],
  ['zzzzzz', ['age.ageMsMax'], null],
  ['ab', [], null],
])('finds the name nearest to %s', (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest)
})
