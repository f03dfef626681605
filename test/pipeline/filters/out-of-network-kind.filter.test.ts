import { expect, it } from 'vitest'
import { outOfNetworkKindFilter } from '../../../src/pipeline/filters/out-of-network-kind.filter.ts'
import {
  candidate,
  filledQuery,
  post,
  postId,
  quote,
  reply,
  repost,
} from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const root = post(90, 9)
const answer = reply(100, 10, root)
const ancestorIds = [postId(90)]

// Source: spec/filters.md 5 and its vector in 9.
it.each([
  ['a post', post(100, 10), { inNetwork: false }, true],
  ['a quote', quote(100, 10, root), { inNetwork: false }, true],
  ['a repost', repost(100, 10, root), { inNetwork: false }, 'repost from out of network'],
  ['a repost by a followed account', repost(100, 10, root), { inNetwork: true }, true],
  ['a repost, network not known', repost(100, 10, root), { inNetwork: undefined }, true],
  ['a reply', answer, { inNetwork: false, ancestorIds }, 'reply from out of network'],
  ['a reply by a followed account', answer, { inNetwork: true, ancestorIds }, true],
  ['the same from retrieval alone', answer, { inNetwork: true }, 'reply without its conversation'],
  ['a reply, network not known', answer, { inNetwork: undefined, ancestorIds }, true],
  ['core data not known', post(100, 10), { inNetwork: false, core: undefined }, true],
])('%s', (_title, core, more, verdict) => {
  const list = [{ ...candidate(core), ...more }]
  expect(judge(outOfNetworkKindFilter(), filledQuery(), list)).toEqual([verdict])
})
