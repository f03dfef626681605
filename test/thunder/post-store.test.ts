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

const HOURS_48 = 172_800

let nowSeconds = NOW_SECONDS
let store = new PostStore(() => nowSeconds * 1_000, { postsMax: 10_000 })

beforeEach(() => {
  nowSeconds = NOW_SECONDS
  store = new PostStore(() => nowSeconds * 1_000, { postsMax: 10_000 })
})

const insert = (shape: PostShape) => store.insert(storedPost(shape))
const restore = (shape: PostShape) => store.restore(storedPost(shape))
const remove = (id: number, version = 0) =>
  store.delete({
    postId: postId(id),
    deletedAtSeconds: nowSeconds,
    version: BigInt(version),
  })
const read = (shape: RequestShape) =>
  store.recentPosts(recentPostsRequest(shape)).map((post) => Number(post.postId))

describe('what the store keeps', () => {
  it('keeps a post of the current second and of a clock 60 s ahead, not more', () => {
    expect(insert({ id: 1, by: 1, age: 0 })).toBe('applied')
    expect(insert({ id: 2, by: 1, age: -60 })).toBe('applied')
    expect(insert({ id: 3, by: 1, age: -61 })).toBe('ahead')
    expect(read({ follows: [1] })).toEqual([2, 1])
  })

  it('keeps a post that is exactly 48 hours old, and drops it a second later', () => {
    expect(insert({ id: 1, by: 1, age: HOURS_48 })).toBe('applied')
    expect(insert({ id: 2, by: 1, age: HOURS_48 + 1 })).toBe('expired')
    expect(read({ follows: [1] })).toEqual([1])
    nowSeconds += 1
    expect(read({ follows: [1] })).toEqual([])
    store.trim()
    expect(store.stats()).toMatchObject({ authors: 0, posts: 0 })
  })

  it('does not go back in time with the clock', () => {
    insert({ id: 1, by: 1, age: HOURS_48 })
    nowSeconds += 1
    expect(read({ follows: [1] })).toEqual([])
    nowSeconds -= 10
    expect(read({ follows: [1] })).toEqual([])
  })

  it('takes an event twice without harm, and a newer version in place of the older', () => {
    insert({ id: 1, by: 1, version: 2 })
    expect(insert({ id: 1, by: 1, version: 2 })).toBe('duplicate')
    expect(insert({ id: 1, by: 1, version: 1, age: 5 })).toBe('stale')
    expect(insert({ id: 1, by: 1, version: 3, replyTo: { user: 9 } })).toBe('applied')
    expect(read({ follows: [1] })).toEqual([1])
    expect(store.stats()).toMatchObject({ posts: 1, authors: 1 })
  })

  it('answers newest first whatever the order of arrival, the greater id first in a second', () => {
    insert({ id: 9, by: 1, age: 50 })
    insert({ id: 10, by: 2, age: 50 })
    insert({ id: 1, by: 1, age: 10 })
    insert({ id: 5, by: 2, age: 90 })
    insert({ id: 6, by: 1, age: 60 })
    expect(read({ follows: [1, 2] })).toEqual([1, 10, 9, 6, 5])
    expect(read({ follows: [2, 1, 2] })).toEqual([1, 10, 9, 6, 5])
  })

  it('trims in slices, late arrivals behind newer ones included', () => {
    for (let id = 1; id <= 20; id += 1) insert({ id, by: id, age: 10 })
    for (let id = 21; id <= 40; id += 1) insert({ id, by: id - 20, age: HOURS_48 - 5 })
    nowSeconds += 6
    expect([...store.trimSlices(7)]).toHaveLength(2)
    expect(store.stats()).toMatchObject({ authors: 20, posts: 20 })
  })

  it('has an equal hash for equal contents, and another for others', () => {
    const other = new PostStore(() => nowSeconds * 1_000, { postsMax: 10_000 })
    const shapes = [1, 2, 3].map((id) => storedPost({ id, by: 1, age: id }))
    for (const post of shapes) store.insert(post)
    for (const post of shapes.toReversed()) other.insert(post)
    expect(other.storeHash()).toBe(store.storeHash())
    remove(2)
    expect(other.storeHash()).not.toBe(store.storeHash())
  })
})

describe('deletes', () => {
  it('takes a post and its reposts away at once; quotes stay', () => {
    insert({ id: 1, by: 1 })
    insert({ id: 2, by: 2, repostOf: { post: 1, user: 1 } })
    insert({ id: 3, by: 2 })
    expect(remove(1)).toBe('applied')
    expect(read({ follows: [1, 2] })).toEqual([3])
    insert({ id: 4, by: 3, repostOf: { post: 1, user: 1 } })
    expect(read({ follows: [3] })).toEqual([])
  })

  it('wins over a creation that arrives later', () => {
    remove(1)
    expect(insert({ id: 1, by: 1 })).toBe('deleted')
    expect(read({ follows: [1] })).toEqual([])
  })

  it('is undone by a restore, for the reposts too', () => {
    insert({ id: 1, by: 1, version: 1 })
    insert({ id: 2, by: 2, repostOf: { post: 1, user: 1 } })
    remove(1, 2)
    expect(restore({ id: 1, by: 1, version: 3 })).toBe('applied')
    expect(read({ follows: [1, 2] })).toEqual([2, 1])
    expect(remove(1, 2)).toBe('stale')
    expect(read({ follows: [1] })).toEqual([1])
  })

  it('outlives an older restore', () => {
    remove(1, 5)
    expect(restore({ id: 1, by: 1, version: 4 })).toBe('stale')
    expect(read({ follows: [1] })).toEqual([])
  })

  it('brings back the reposts of a restored post that has itself expired', () => {
    insert({ id: 2, by: 2, repostOf: { post: 1, user: 1 } })
    remove(1)
    expect(restore({ id: 1, by: 1, age: HOURS_48 + 9 })).toBe('expired')
    expect(read({ follows: [2] })).toEqual([2])
  })

  it('is forgotten once the post it deleted must have expired', () => {
    remove(1)
    nowSeconds += HOURS_48 + 61
    store.trim()
    expect(store.stats().tombstones).toBe(0)
  })
})

describe('caps', () => {
  const many = (count: number, shape: (id: number) => PostShape) => {
    for (let id = 1; id <= count; id += 1) insert(shape(id))
  }

  it('gives 50 originals and 30 replies and reposts an author, the newest', () => {
    many(60, (id) => ({ id, by: 1, age: 1_000 - id }))
    many(40, (id) => ({ id: 100 + id, by: 1, age: 1_000 - id, replyTo: { user: 2 } }))
    const got = read({ follows: [1] })
    expect(got.filter((id) => id <= 60)).toEqual(Array.from({ length: 50 }, (_, at) => 60 - at))
    expect(got.filter((id) => id > 100)).toHaveLength(30)
  })

  it('spends no cap on excluded and dead ones', () => {
    many(60, (id) => ({ id, by: 1, age: 1_000 - id }))
    const excluded = [60, 59, 58]
    remove(57)
    const got = read({ follows: [1], excluded })
    expect(got).toHaveLength(50)
    expect(got[0]).toBe(56)
  })

  it('looks at 500 posts of an author and kind, dead and excluded ones apart', () => {
    // The viewer's own posts, reposted: looked at and left out.
    many(499, (id) => ({ id, by: 1, age: 500 - id, repostOf: { post: 5_000, user: 8 } }))
    insert({ id: 600, by: 1, age: 600, replyTo: { user: 2 } })
    insert({ id: 601, by: 1, age: 700, replyTo: { user: 2 } })
    insert({ id: 602, by: 1, age: 400, replyTo: { user: 2 } })
    expect(read({ follows: [1], viewer: 8 })).toEqual([602])
    expect(read({ follows: [1], viewer: 8, excluded: [602] })).toEqual([600])
    expect(read({ follows: [1], viewer: 8, excluded: [602, 3, 4] })).toEqual([600, 601])
  })

  it('answers 1,200 posts at most, 600 videos, or what is asked for', () => {
    for (let by = 1; by <= 30; by += 1) {
      for (let at = 0; at < 50; at += 1) insert({ id: by * 100 + at, by, hasVideo: true })
    }
    const follows = Array.from({ length: 30 }, (_, at) => at + 1)
    expect(read({ follows })).toHaveLength(1_200)
    expect(read({ follows, max: 5_000 })).toHaveLength(1_200)
    expect(read({ follows, max: 7 })).toHaveLength(7)
    expect(read({ follows, kind: 'videos' })).toHaveLength(600)
  })

  it('reads the first 10,000 authors of a list', () => {
    insert({ id: 1, by: 10_000 })
    insert({ id: 2, by: 10_001 })
    expect(read({ follows: Array.from({ length: 10_001 }, (_, at) => at + 1) })).toEqual([1])
  })
})
