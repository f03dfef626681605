import { expect, it } from 'vitest'
import { describe as describePipeline } from '../../../src/pipeline/framework/describe.ts'
import { createHomeFeedTable } from '../../../src/pipeline/home-feed.table.ts'
import { nameParams } from '../../../src/pipeline/params/name-params.ts'
import { PARAM_DEFAULTS } from '../../../src/pipeline/params/param-names.ts'
import { whyFixed } from '../../../src/pipeline/params/param-ranges.params.ts'

const { rows, others } = nameParams(describePipeline(createHomeFeedTable()))
const paramsOf = (name: string) => rows.find((row) => row.name === name)?.params

it('shows the numbers of a row under the names that a request gives', () => {
  expect(paramsOf('OutOfNetworkScorer')).toMatchObject({ 'outOfNetwork.factor': 0.75 })
  expect(paramsOf('AgeFilter')).toEqual({ 'age.ageMsMax': 172_800_000 })
  expect(paramsOf('ThunderSource')).toEqual({ 'thunder.postsMax': 1_200, 'timeout.thunder': 300 })
  expect(paramsOf('PhoenixScorer')).toEqual({ 'timeout.ranking': 800, 'timeout.visibility': 300 })
  expect(paramsOf('WeightedScorer')).toMatchObject({
    'actionWeights.report': -234,
    'mutualFollow.replyWeightBoost': 15,
  })
})

it('leaves out no parameter that a request may change', () => {
  const shown = new Set([...rows.flatMap(({ params }) => Object.keys(params)), ...others.keys()])
  const missing = [...PARAM_DEFAULTS.keys()].filter((name) => !shown.has(name))
  expect(missing.filter((name) => whyFixed(name) === null)).toEqual([])
})
