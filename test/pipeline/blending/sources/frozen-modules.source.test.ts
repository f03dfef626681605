import { expect, it } from 'vitest'
import { frozenModulesSource } from '../../../../src/pipeline/blending/sources/frozen-modules.source.ts'
import { PROMPT } from '../../contract-world.ts'
import { bareQuery, stageContext, userId } from '../../home-feed-fixtures.ts'

it('brings modules under the ids that the session knows, unjudged', async () => {
  const modules = [
    { kind: 'who-to-follow', userIds: [userId(4), userId(9)] },
    { kind: 'prompt', prompt: PROMPT },
  ] as const
  const { context } = stageContext()
  const items = await frozenModulesSource().fetch({ ...bareQuery(), modules }, context)
  expect(items.map(({ id, accountIds }) => [id, accountIds])).toEqual([
    ['who-to-follow:4-9', undefined],
    ['prompt:welcome', undefined],
  ])
})
