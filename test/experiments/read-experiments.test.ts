import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadExperiments } from '../../src/boot/load-experiments.ts'
import { Experiments } from '../../src/experiments/experiments.ts'
import { ExperimentsError, readExperiments } from '../../src/experiments/read-experiments.ts'
import { trustUserId } from '../../src/ids.ts'
import { createHomeFeedTable } from '../../src/pipeline/home-feed.table.ts'
import { DEFAULT_SETTINGS } from '../../src/pipeline/params/feed-settings.ts'
import { parseOverrides } from '../../src/pipeline/params/param-overrides.ts'
import { readSwitchRules } from '../../src/pipeline/params/switch-rules.ts'

const EXAMPLE = join(import.meta.dirname, '../../docs/experiments.example.json')
const rules = readSwitchRules(createHomeFeedTable().stages)
const VIEWER = trustUserId('1')

const arm = (name: string, parameters: object = {}) => ({ name, parts: 1, parameters })
const one = (more: object = {}) => ({
  name: 'one',
  salt: 'a',
  traffic: 1,
  arms: [arm('control'), arm('changed', { 'outOfNetwork.factor': 0.5 })],
  ...more,
})
const read = (...experiments: object[]) => readExperiments(JSON.stringify({ experiments }), rules)

function faultsOf(text: string): readonly string[] {
  try {
    readExperiments(text, rules)
  } catch (error) {
    if (error instanceof ExperimentsError) return error.faults
    throw error
  }
  return []
}

describe('readExperiments', () => {
  it('reads the example of the documentation', () => {
    const experiments = readExperiments(readFileSync(EXAMPLE, 'utf8'), rules)
    expect(experiments.length).toBeGreaterThan(1)
    expect(experiments[0]?.arms[0]?.overrides.values.size).toBe(0)
  })

  it.each<[string, object, string]>([
    ['a share above 1', one({ traffic: 2 }), 'experiments[0].traffic is 2: give the share'],
    ['no name', one({ name: undefined }), 'experiments[0].name is missing: give lower-case'],
    ['a name with a colon', one({ name: 'a:b' }), 'experiments[0].name is "a:b": give lower-case'],
    ['no salt', one({ salt: '' }), 'experiments[0].salt is "": give lower-case'],
    ['no arm', one({ arms: [] }), 'experiments[0].arms is []: give a list of 1 to 20'],
    ['another field', one({ share: 1 }), 'experiments[0].share: there is no such field, only name'],
    [
      'two arms of one name',
      one({ arms: [arm('a'), arm('a')] }),
      'experiments[0].arms: two have one name',
    ],
    [
      'no whole part',
      one({ arms: [{ name: 'a', parts: 0.5 }] }),
      'experiments[0].arms[0].parts is 0.5: give a whole number',
    ],
    [
      'an unknown parameter',
      one({ arms: [arm('a', { 'outOfNetwork.factr': 1 })] }),
      'experiments[0].arms[0].parameters["outOfNetwork.factr"]: `outOfNetwork.factr` is no ' +
        'parameter. Did you mean `outOfNetwork.factor`?',
    ],
    [
      'a safety rule',
      one({ arms: [arm('a', { 'components.MutedKeywordFilter': 'off' })] }),
      'cannot be switched off',
    ],
    ['a list', [], 'experiments[0] is []: give an object'],
  ])('refuses %s', (_title, experiment, fault) => {
    const faults = faultsOf(JSON.stringify({ experiments: [experiment] }))
    expect(faults.join('\n')).toContain(fault)
  })

  it('refuses two experiments of one name, salt or parameter', () => {
    const faults = faultsOf(JSON.stringify({ experiments: [one(), one()] }))
    expect(faults).toEqual([
      'experiments[1].name: "one" is that of experiments[0] too, change one.',
      'experiments[1].salt: "a" is that of experiments[0] too, change one.',
      'experiments[1] and experiments[0] both change `outOfNetwork.factor`: leave it to one of ' +
        'them, or make one experiment of both.',
    ])
  })

  it('refuses what is not JSON', () => {
    expect(faultsOf('{')).toEqual([expect.stringMatching(/^is not JSON/)])
    expect(faultsOf('[]')).toContain('the file is []: give an object {...}.')
  })
})

describe('Experiments', () => {
  it('put the overrides of a request over the arms, and the arms over the defaults', () => {
    const changed = [arm('changed', { 'outOfNetwork.factor': 0.5, 'age.ageMsMax': 1000 })]
    const experiments = new Experiments(read(one({ arms: changed })))
    const settings = experiments.settingsOf(VIEWER)
    expect(settings).toMatchObject({ arms: ['one:changed'], overrides: '' })
    expect(settings.params.outOfNetwork.factor).toBe(0.5)
    expect(experiments.settingsOf(trustUserId('2'))).toBe(settings)
    const texts = [{ name: 'outOfNetwork.factor', value: '0.25' }]
    const own = experiments.settingsOf(VIEWER, parseOverrides(texts, rules).overrides)
    expect(own).toMatchObject({ arms: ['one:changed'], overrides: 'outOfNetwork.factor=0.25' })
    expect(own.params.outOfNetwork.factor).toBe(0.25)
    expect(own.params.age.ageMsMax).toBe(1_000)
  })

  it('leave a viewer outside alone', () => {
    expect(new Experiments([]).settingsOf(VIEWER)).toBe(DEFAULT_SETTINGS)
    const outside = new Experiments(read(one({ traffic: 0 })))
    expect(outside.settingsOf(VIEWER)).toBe(DEFAULT_SETTINGS)
  })

  it('of a control are ranked as everybody, and say so', () => {
    const experiments = new Experiments(read(one({ arms: [arm('control')] })))
    const settings = experiments.settingsOf(VIEWER)
    expect(settings.digest).toBe(DEFAULT_SETTINGS.digest)
    expect(settings.arms).toEqual(['one:control'])
  })
})

describe('loadExperiments', () => {
  it('names the file with each fault', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'homefeed-experiments-'))
    const file = join(directory, 'wrong.json')
    await writeFile(file, JSON.stringify({ experiments: [one({ traffic: -1 })] }))
    await expect(loadExperiments(file)).rejects.toThrow(`${file}: experiments[0].traffic is -1`)
    await expect(loadExperiments(`${file}.not`)).rejects.toThrow(/cannot be read \(ENOENT\)/)
    await rm(directory, { recursive: true })
    expect((await loadExperiments(null)).settingsOf(VIEWER)).toBe(DEFAULT_SETTINGS)
  })
})
