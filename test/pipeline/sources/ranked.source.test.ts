import { expect, it } from 'vitest'
import { rankedSource } from '../../../src/pipeline/sources/ranked.source.ts'
import { bareCandidate, candidate, filledQuery, post, stageContext } from '../home-feed-fixtures.ts'

it('keeps scores and forgets every fact that decides who may see the post', async () => {
  const core = post(100, 10)
  const scores = { score: 0.5, weightedScore: 0.8, scoredBy: 'phoenix' as const }
  const ranked = [
    candidate(core, {
      ...scores,
      visibility: { action: 'allow', rule: null, labels: [] },
    }),
  ]
  const query = { ...filledQuery(), ranked }
  const fetched = await rankedSource().fetch(query, stageContext().context)
  expect(fetched).toEqual([{ ...bareCandidate(core), ...scores }])
  expect(fetched[0]).not.toBe(ranked[0])
})
