import { expect, it } from 'vitest'
import { coreDataFilter } from '../../../src/pipeline/filters/core-data.filter.ts'
import { candidate, filledQuery, NO_RELATED, post, quote, repost } from '../home-feed-fixtures.ts'
import { judgeOne } from '../judge.ts'

const plain = post(100, 10)
const empty = post(101, 10, { text: ' \n ' })

it.each([
  ['text', candidate(plain), true],
  ['media alone', candidate(empty, { mediaKinds: ['image'] }), true],
  ['a quoted post alone', candidate({ ...quote(102, 11, plain), text: '' }), true],
  ['media that could not be read', candidate(empty, { mediaKinds: undefined }), true],
  ['nothing', candidate(empty), 'empty'],
  ['a deleted post', candidate(plain, { core: null }), 'deleted or unknown'],
  ['a repost of a deleted post', candidate(repost(103, 12, plain)), 'original deleted'],
  [
    'a repost of a repost',
    candidate(repost(105, 13, repost(103, 12, plain)), {
      related: { ...NO_RELATED, original: repost(103, 12, plain) },
    }),
    'a repost of a repost',
  ],
  [
    'a repost of an image without text',
    candidate(repost(104, 12, empty), {
      related: { ...NO_RELATED, original: empty },
      mediaKinds: ['image'],
    }),
    true,
  ],
  ['core data not read', candidate(plain, { core: undefined }), 'withheld: core data not known'],
])('judges %s', (_title, each, expected) => {
  expect(judgeOne(coreDataFilter(), filledQuery(), each)).toBe(expected)
})
