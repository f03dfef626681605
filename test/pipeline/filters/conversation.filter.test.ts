import { expect, it } from 'vitest'
import { conversationFilter } from '../../../src/pipeline/filters/conversation.filter.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import {
  candidate,
  filledQuery,
  NO_RELATED,
  post,
  quote,
  reply,
  repost,
} from '../home-feed-fixtures.ts'
import { judge } from '../judge.ts'

const LOWER = 'another post of the conversation scores higher'
const root = post(100, 10)
const parent = reply(101, 11, root)
const scored = (core: PostRecord, score: number) =>
  candidate(core, { score, scoredBy: 'phoenix' as const })

it.each([
  [
    'the reply of a reply beats the root, a quote is its own',
    [scored(reply(102, 12, parent), 5), scored(root, 4), scored(quote(103, 13, root), 3)],
    [true, LOWER, true],
  ],
  ['the better one stays at its own place', [scored(root, 1), scored(parent, 2)], [LOWER, true]],
  ['of equals the earlier stays', [scored(root, 1), scored(parent, 1)], [true, LOWER]],
  [
    'a scored post beats an unscored one',
    [candidate(root, { score: 9, scoredBy: 'fallback' }), scored(parent, 0.1)],
    [LOWER, true],
  ],
])('keeps the best of a conversation: %s', (_title, list, expected) => {
  expect(judge(conversationFilter(), filledQuery(), list)).toEqual(expected)
})

it('takes a repost for its original', () => {
  const related = { ...NO_RELATED, original: root }
  const list = [
    candidate(repost(104, 14, root), { score: 2, scoredBy: 'phoenix', related }),
    scored(parent, 1),
  ]
  expect(judge(conversationFilter(), filledQuery(), list)).toEqual([true, LOWER])
})
