import { HOME_FEED_PARAMS } from '../../src/pipeline/home-feed.params.ts'
import { expect, it } from 'vitest'
import { toServedPost, toSlateEntry } from '../../src/sessions/slate-entry.ts'
import { candidate, NOW_MS, post } from '../pipeline/home-feed-fixtures.ts'
import { row } from '../pipeline/score-fixtures.ts'

const RANKING = {
  requestId: 'request',
  rankedAtMs: NOW_MS,
  weightsVersion: 'weights',
  params: HOME_FEED_PARAMS,
}
const scored = candidate(post(100, 10), {
  probabilities: row({ favorite: 0.5 }),
  dwellSeconds: 3,
  modelVersion: 'model',
  weightedScore: 0.25,
  videoWeightApplies: false,
  replyWeightBoost: 15,
  scoredBy: 'phoenix',
  coldStartScore: 0.5,
  propensity: 0.125,
  diversityFactor: 0.625,
  outOfNetworkFactor: 0.75,
  slateWindow: 1,
  score: 0.234375,
})

it('keeps identity and scores, and no fact', () => {
  const { candidate: kept } = toSlateEntry(scored, RANKING)
  const { core: _core, related: _related, ...rest } = scored
  expect(kept).toEqual({
    ...rest,
    core: undefined,
    related: undefined,
    actorHandles: undefined,
    mediaKinds: undefined,
    altTexts: undefined,
    videoDurationMs: undefined,
    subscriptionAuthorId: undefined,
    inNetwork: undefined,
  })
  expect(kept.probabilities?.buffer.byteLength).toBe(kept.probabilities?.byteLength)
})

it('records how probable the ranking was, 1 where nothing was drawn', () => {
  const served = (more: Partial<typeof scored>) =>
    toServedPost({
      kind: 'post',
      entry: toSlateEntry({ ...scored, ...more }, RANKING),
      position: 7,
      verdict: { action: 'allow', rule: null, labels: [] },
    })
  expect(served({})).toMatchObject({ propensity: 0.125, slatePosition: 7 })
  expect(served({ propensity: undefined })).toMatchObject({ propensity: 1 })
})
