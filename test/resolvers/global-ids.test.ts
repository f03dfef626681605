import { describe, expect, it } from 'vitest'
import { FeedError } from '../../src/errors.ts'
import {
  parseNodeId,
  parsePostId,
  parseTopicId,
  parseUserId,
} from '../../src/resolvers/global-ids.ts'

const BAD = ['', '0', '-1', '01', '1.5', 'x', '9223372036854775808', 'post:', 'post:0', 'item:1']

const BAD_MODULES = [
  'item:who-to-follow:',
  'item:who-to-follow:4-',
  'item:who-to-follow:4-4',
  'item:who-to-follow:04',
  'item:who-to-follow:1-2-3-4-5-6-7-8-9-10-11',
  'item:prompt:',
  'item:prompt:A',
  'item:prompt:a--b',
  'item:prompt:a\n',
  `item:prompt:${'a'.repeat(41)}`,
]

function errorOf(action: () => unknown): FeedError {
  try {
    action()
  } catch (error) {
    if (error instanceof FeedError) return error
  }
  return expect.unreachable()
}

describe('global ids', () => {
  it('accept the bare number where the type is known', () => {
    expect(parsePostId('post:12', 'id')).toBe('12')
    expect(parsePostId('9223372036854775807', 'id')).toBe('9223372036854775807')
    expect(parseUserId('user:12', 'id')).toBe('12')
    expect(parseUserId('12', 'id')).toBe('12')
    expect(parseTopicId('topic:12', 'id')).toBe('12')
    expect(parseTopicId('2147483647', 'id')).toBe('2147483647')
  })

  it.each(['', '0', '2147483648', 'jazz', 'topic:', 'post:1'])('refuse %j as a topic', (text) => {
    const error = errorOf(() => parseTopicId(text, 'filter.topics[3]'))
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', field: 'filter.topics[3]' })
    expect(error.message).toContain('give a topic id')
  })

  it('say what a node is', () => {
    expect(parseNodeId('post:12', 'id')).toEqual({ kind: 'post', postId: '12' })
    expect(parseNodeId('user:12', 'id')).toEqual({ kind: 'user', userId: '12' })
    expect(parseNodeId('topic:12', 'id')).toEqual({ kind: 'topic', topicId: '12' })
    expect(parseNodeId('item:post:12', 'id')).toEqual({ kind: 'item', postId: '12' })
    expect(parseNodeId('item:who-to-follow:4-9', 'id')).toEqual({
      kind: 'who-to-follow',
      userIds: ['4', '9'],
    })
    expect(parseNodeId('item:prompt:say-hello2', 'id')).toEqual({
      kind: 'prompt',
      name: 'say-hello2',
    })
  })

  it.each([...BAD, 'user:1'])('refuse %j as a post, naming the field', (text) => {
    const error = errorOf(() => parsePostId(text, 'ids[3]'))
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids[3]' })
    expect(error.message).toContain('`ids[3]`')
  })

  it.each([...BAD, ...BAD_MODULES, '12', 'item:user:1', 'post:1\n', 'topic:2147483648'])(
    'refuse %j as a node',
    (text) => {
      expect(errorOf(() => parseNodeId(text, 'id')).field).toBe('id')
    },
  )

  it('do not repeat long garbage', () => {
    expect(errorOf(() => parseUserId('x'.repeat(10_000), 'id')).message.length).toBeLessThan(200)
  })
})
