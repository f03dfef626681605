import { beforeEach, describe, expect, it } from 'vitest'
import { setDeletion, setPost, setRestoredPost } from '../../src/thunder/change-columns.ts'
import { PostColumns } from '../../src/thunder/post-columns.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import { drawRead, ThunderWorld, WORLD_NOW_MS, type Pair } from '../bench/thunder-world.ts'
import { joinId } from '../../src/thunder/id-halves.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { randomSteps, START_SECONDS } from './random-steps.ts'
import {
  NOW_SECONDS,
  postId,
  recentPostsRequest,
  storedPost,
  toSlotRequest,
  userId,
  type PostShape,
  type RequestShape,
} from './stored-post-fixture.ts'

let nowSeconds = NOW_SECONDS

beforeEach(() => {
  nowSeconds = NOW_SECONDS
})

const createStore = (postsMax: number) => new PostStore(() => nowSeconds * 1_000, { postsMax })
const insert = (store: PostStore, shape: PostShape) => store.insert(storedPost(shape))
const read = (store: PostStore, shape: RequestShape) =>
  store.recentPosts(recentPostsRequest(shape)).map((post) => Number(post.postId))

describe('the memory bound', () => {
  it('lets the oldest posts go first, and counts them', () => {
    const store = createStore(3)
    for (const id of [1, 2, 3]) insert(store, { id, by: 1, age: 100 - id })
    expect(insert(store, { id: 4, by: 2, age: 10 })).toBe('applied')
    expect(read(store, { follows: [1, 2] })).toEqual([4, 3, 2])
    expect(insert(store, { id: 5, by: 2, age: 200 })).toBe('evicted')
    expect(read(store, { follows: [1, 2] })).toEqual([4, 3, 2])
    expect(store.stats()).toMatchObject({ posts: 3, evicted: 2, outcomes: { evicted: 1 } })
  })

  it('is 1 to 33 million', () => {
    for (const wrong of [0, -1, 2.5, NaN, 33_000_001]) {
      expect(() => createStore(wrong)).toThrow('a store can hold 1 to 33000000 posts')
    }
  })

  it('takes away what depended on an evicted post', () => {
    const store = createStore(2)
    insert(store, { id: 1, by: 1, age: 50 })
    insert(store, { id: 2, by: 2, age: 40, replyTo: { post: 1, user: 1 } })
    expect(read(store, { follows: [2] })).toEqual([2])
    insert(store, { id: 3, by: 3, age: 30 })
    expect(read(store, { follows: [2] })).toEqual([])
  })

  it('bounds deletions of posts that never came, too', () => {
    const store = createStore(10)
    for (let id = 1; id <= 5_000; id += 1) {
      store.delete({ postId: postId(id), deletedAtSeconds: nowSeconds, version: 0n })
    }
    expect(store.stats().tombstones).toBe(10)
    expect(insert(store, { id: 5_000, by: 1 })).toBe('deleted')
    expect(insert(store, { id: 1, by: 1 })).toBe('applied')
  })

  it('makes room when the names of outside posts fill the slots', () => {
    const store = createStore(2_000)
    for (let id = 1; id <= 9_000; id += 1) {
      const both = { replyTo: { post: 100_000 + id }, repostOf: { post: 200_000 + id, user: 3 } }
      insert(store, { id, by: 1, age: 10_000 - id, ...both })
    }
    const { posts } = store.stats()
    expect(posts).toBeGreaterThan(1_000)
    expect(posts).toBeLessThanOrEqual(2_000)
  })
})

describe('batches of columns', () => {
  it('do what the same events do one by one', () => {
    const steps = randomSteps(42, 3_000)
    const one = new PostStore(() => START_SECONDS * 1_000, { postsMax: 2_000 })
    const other = new PostStore(() => START_SECONDS * 1_000, { postsMax: 2_000 })
    const columns = new PostColumns(steps.length)
    for (const step of steps) {
      if (step.kind === 'create') setPost(columns, columns.count++, step.post)
      if (step.kind === 'restore') setRestoredPost(columns, columns.count++, step.post)
      if (step.kind === 'delete') setDeletion(columns, columns.count++, step.deletion)
      if (step.kind === 'create') one.insert(step.post)
      if (step.kind === 'restore') one.restore(step.post)
      if (step.kind === 'delete') one.delete(step.deletion)
    }
    other.applyColumns(columns, 0, 100)
    other.applyColumns(columns, 100)
    expect(other.storeHash()).toBe(one.storeHash())
    expect(other.stats()).toEqual(one.stats())
  })

  it('floor milliseconds to seconds', () => {
    const store = createStore(10)
    const columns = new PostColumns(1)
    setPost(columns, 0, storedPost({ id: 1, by: 1 }))
    columns.atMs[0] = NOW_SECONDS * 1_000 - 1
    columns.count = 1
    store.applyColumns(columns)
    const [post] = store.recentPosts(recentPostsRequest({ follows: [1] }))
    expect(post?.createdAtMs).toBe((NOW_SECONDS - 1) * 1_000)
  })
})

describe('cached follow lists', () => {
  it('are kept for a version, and find authors whose first post comes later', () => {
    const store = createStore(10)
    const request = { ...recentPostsRequest({ follows: [1, 2] }), followsVersion: '7' }
    expect(store.recentPosts(request)).toEqual([])
    insert(store, { id: 1, by: 1 })
    insert(store, { id: 3, by: 3 })
    const ids = (version: string, follows: number[]) =>
      store
        .recentPosts({ ...request, authorIds: follows.map(userId), followsVersion: version })
        .map((post) => Number(post.postId))
    expect(ids('7', [])).toEqual([1])
    expect(ids('8', [3])).toEqual([3])
    expect(ids('8', [1, 2, 3])).toEqual([3])
  })
})

describe('all plans', () => {
  it('answer alike over a large world, whatever the number of follows', () => {
    const world = new ThunderWorld(30_000)
    const store = new PostStore(() => WORLD_NOW_MS, { postsMax: 30_000 })
    const columns = new PostColumns(10_000)
    for (let at = 0; at < world.count; store.applyColumns(columns)) {
      at = world.fillCreations(columns, at)
    }
    const text = ([low, high]: Pair) => joinId(low, high)
    const into = new Int32Array(1_200)
    for (const [seed, follows] of [20, 100, 700, 2_500].entries()) {
      const drawn = drawRead(world, follows, seed)
      const request = toSlotRequest(store, {
        viewerId: trustUserId(text(drawn.viewerId)),
        authorIds: drawn.follows.map((rank) => trustUserId(text(world.authorId(rank)))),
        excludedPostIds: new Set(drawn.excluded.map((at) => trustPostId(text(world.postId(at))))),
        resultsMax: seed * 300,
      })
      const slotsBy = (plan: 'cheapest' | 'authors' | 'global') => [
        ...into.subarray(0, store.readSlots({ ...request, plan }, into)),
      ]
      // Several times, as what was learnt changes where a plan begins to look.
      for (let time = 0; time < 5; time += 1) {
        expect(slotsBy('authors')).toEqual(slotsBy('global'))
        expect(slotsBy('cheapest')).toEqual(slotsBy('global'))
      }
    }
  })

  it('find what one second holds in any number', () => {
    const store = createStore(1_000)
    for (let id = 1; id <= 400; id += 1) insert(store, { id, by: 1 + (id % 20), age: 7 })
    const follows = Array.from({ length: 20 }, (_, at) => at + 1)
    expect(read(store, { follows })).toEqual(Array.from({ length: 400 }, (_, at) => 400 - at))
    expect(read(store, { follows, max: 3 })).toEqual([400, 399, 398])
  })
})

describe('a post that very many repost', () => {
  it('goes with all of them at once, though they are told in pieces', () => {
    const bounds = { postsMax: 1_000, childrenPerCallMax: 100 }
    const store = new PostStore(() => nowSeconds * 1_000, bounds)
    const follows = Array.from({ length: 50 }, (_, at) => at + 1)
    insert(store, { id: 1, by: 1 })
    for (let id = 2; id <= 900; id += 1) {
      insert(store, { id, by: 1 + (id % 50), repostOf: { post: 1, user: 1 } })
    }
    store.delete({ postId: postId(1), deletedAtSeconds: nowSeconds, version: 0n })
    expect(read(store, { follows })).toEqual([])
    expect([...store.trimSlices()].length).toBeGreaterThan(3)
    expect(read(store, { follows })).toEqual([])
    store.restore(storedPost({ id: 1, by: 1 }))
    expect(read(store, { follows })).toHaveLength(900)
  })
})

describe('time', () => {
  it('may leap past everything, and pass the second at which heads wrap', () => {
    const store = createStore(100)
    insert(store, { id: 1, by: 1 })
    nowSeconds = 14 * 2 ** 27 - 2
    for (let id = 2; id <= 5; id += 1) {
      nowSeconds += 1
      store.insert({ ...storedPost({ id, by: 1 }), createdAtSeconds: nowSeconds })
    }
    expect(read(store, { follows: [1] })).toEqual([5, 4, 3, 2])
    const [newest] = store.recentPosts(recentPostsRequest({ follows: [1] }))
    expect(newest?.createdAtMs).toBe(nowSeconds * 1_000)
    nowSeconds += 172_799
    expect(read(store, { follows: [1] })).toEqual([5, 4])
  })
})
