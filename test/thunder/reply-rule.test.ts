import { beforeEach, describe, expect, it } from 'vitest'
import { PostStore } from '../../src/thunder/post-store.ts'
import {
  NOW_SECONDS,
  postId,
  recentPostsRequest,
  storedPost,
  type PostShape,
  type RequestShape,
} from './stored-post-fixture.ts'

let store = new PostStore(() => NOW_SECONDS * 1_000, { postsMax: 10_000 })

beforeEach(() => {
  store = new PostStore(() => NOW_SECONDS * 1_000, { postsMax: 10_000 })
})

const insert = (shape: PostShape) => store.insert(storedPost(shape))
const read = (shape: RequestShape) =>
  store
    .recentPosts(recentPostsRequest(shape))
    .map((post) => Number(post.postId))
    .sort((a, b) => a - b)

/** 1 by user 1, answered by 2 by user 2, by 3 by user 3, by 4 by user 4. */
function conversation() {
  insert({ id: 1, by: 1 })
  insert({ id: 2, by: 2, replyTo: { post: 1, user: 1 }, conversation: 1 })
  insert({ id: 3, by: 3, replyTo: { post: 2, user: 2 }, conversation: 1 })
  insert({ id: 4, by: 4, replyTo: { post: 3, user: 3 }, conversation: 1 })
}

describe('the reply rule', () => {
  it('passes answers to an original, whoever wrote that', () => {
    conversation()
    expect(read({ follows: [2] })).toEqual([2])
  })

  it('passes the second level only when the answered author is followed; the third never', () => {
    conversation()
    expect(read({ follows: [3] })).toEqual([])
    expect(read({ follows: [2, 3] })).toEqual([2, 3])
    expect(read({ follows: [1, 2, 3, 4] })).toEqual([1, 2, 3])
  })

  it('needs the conversation of the second level to be known', () => {
    insert({ id: 1, by: 1 })
    insert({ id: 2, by: 2, replyTo: { post: 1, user: 1 }, conversation: 1 })
    insert({ id: 3, by: 3, replyTo: { post: 2, user: 2 } })
    expect(read({ follows: [2, 3] })).toEqual([2])
  })

  it('heals a reply when its parent arrives later, and drops it when the parent goes', () => {
    insert({ id: 2, by: 2, replyTo: { post: 1, user: 1 }, conversation: 1 })
    expect(read({ follows: [2] })).toEqual([])
    insert({ id: 1, by: 1 })
    expect(read({ follows: [2] })).toEqual([2])
    store.delete({ postId: postId(1), deletedAtSeconds: NOW_SECONDS, version: 0n })
    expect(read({ follows: [2] })).toEqual([])
  })

  it('passes a reply that names a user and no post', () => {
    insert({ id: 2, by: 2, replyTo: { user: 1 } })
    expect(read({ follows: [2] })).toEqual([2])
  })

  it('leaves out reposts of what the viewer wrote', () => {
    insert({ id: 2, by: 2, repostOf: { post: 1, user: 7 } })
    insert({ id: 3, by: 2, repostOf: { post: 8, user: 9 } })
    expect(read({ follows: [2], viewer: 7 })).toEqual([3])
  })
})

describe('videos', () => {
  it('are own videos that answer nobody, and reposts of such, in any order of arrival', () => {
    insert({ id: 20, by: 2, repostOf: { post: 10, user: 1 } })
    insert({ id: 21, by: 2, repostOf: { post: 11, user: 1 } })
    insert({ id: 22, by: 2, hasVideo: true, replyTo: { user: 1 } })
    insert({ id: 23, by: 2, hasVideo: true })
    insert({ id: 24, by: 2 })
    expect(read({ follows: [2], kind: 'videos' })).toEqual([23])
    insert({ id: 10, by: 1, hasVideo: true })
    insert({ id: 11, by: 1, hasVideo: true, replyTo: { user: 3 } })
    expect(read({ follows: [2], kind: 'videos' })).toEqual([20, 23])
  })

  it('are 100 an author at most; reposts that show none use up no cap', () => {
    for (let id = 1; id <= 600; id += 1) {
      insert({ id, by: 2, age: 1, repostOf: { post: 9_000, user: 1 } })
    }
    for (let id = 1_001; id <= 1_120; id += 1)
      insert({ id, by: 2, hasVideo: true, age: 2_000 - id })
    const got = read({ follows: [2], kind: 'videos' })
    expect(got).toHaveLength(100)
    expect(got[0]).toBe(1_021)
  })
})
