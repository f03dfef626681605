import { expect, it } from 'vitest'
import { outOfNetworkScorer } from '../../../src/pipeline/scorers/out-of-network.scorer.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import { candidate, filledQuery, post, reply, repost, stageContext } from '../home-feed-fixtures.ts'

const plain = post(100, 10)

it.each<[string, PostRecord, boolean | undefined, boolean, number]>([
  ['a post from out of network', plain, false, true, 0.75],
  ['a post from within', plain, true, true, 1],
  ['a reply from within', reply(101, 11, plain), true, true, 0.75],
  ['a repost from within', repost(102, 11, plain), true, true, 0.75],
  ['a repost from within, setting off', repost(102, 11, plain), true, false, 1],
  ['a reply from out of network', reply(101, 11, plain), false, false, 0.75],
  ['a reply when it is not known', reply(101, 11, plain), undefined, true, 1],
])('scales %s', async (_title, ...row) => {
  const [core, inNetwork, rescoresInNetworkRepliesAndReposts, factor] = row
  const scorer = outOfNetworkScorer({ factor: 0.75, rescoresInNetworkRepliesAndReposts })
  const list = [candidate(core, { inNetwork, score: 2 }), candidate(core, { inNetwork })]
  expect(await scorer.score(filledQuery(), list, stageContext().context)).toEqual([
    { outOfNetworkFactor: factor, score: 2 * factor },
    { outOfNetworkFactor: factor, score: undefined },
  ])
})
