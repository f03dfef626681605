import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ACTIONS } from '../../../src/gen/actions.ts'
import { HOUR_MS } from '../../../src/store/training-log/log-hour.ts'
import { action, HOUR_START_MS, impression } from './training-log-fixtures.ts'
import { TrainingLogWorld } from './training-log-world.ts'

const SEEDS = [1, 2, 3]
const DAY_MS = 24 * HOUR_MS
const ACTION_INDEXES = [0, 1, 2]

/** Mulberry32: the same numbers for the same seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

interface Shown {
  readonly viewer: number
  readonly post: number
  readonly request: string
  readonly position: number
  readonly atMs: number
}

interface Done {
  readonly viewer: number
  readonly post: number
  readonly request: string
  readonly position: number
  readonly atMs: number
  readonly index: number
  readonly isActive: boolean
}

/** Few viewers and posts, so that much collides; every moment once. */
function randomEvents(seed: number) {
  const random = createRandom(seed)
  const shown: Shown[] = Array.from({ length: 40 }, (_, place) => ({
    viewer: 1 + random(2),
    post: 50 + random(4),
    request: random(3) === 0 ? '' : `r${random(8)}`,
    position: place,
    atMs: HOUR_START_MS + random(40) * 60_000 + place,
  }))
  const done: Done[] = Array.from({ length: 150 }, (_, place) => {
    const of = shown[random(shown.length)]
    const delayMs = random(4) === 0 ? DAY_MS - HOUR_MS / 2 + random(HOUR_MS) : random(HOUR_MS)
    return {
      viewer: of?.viewer ?? 1,
      post: of?.post ?? 50,
      request: random(2) === 0 ? '' : (of?.request ?? ''),
      position: of?.position ?? 0,
      atMs: HOUR_START_MS + 40 * 60_000 * random(2) + delayMs + place,
      index: ACTION_INDEXES[random(3)] ?? 0,
      isActive: random(4) !== 0,
    }
  })
  return { shown, done, random }
}

/** The rule as it is written down, one impression after the other. */
function outcomesOf(one: Shown, shown: readonly Shown[], done: readonly Done[]) {
  const isMine = (deed: Done): boolean => {
    if (deed.viewer !== one.viewer || deed.atMs >= one.atMs + DAY_MS) return false
    if (deed.request !== '') {
      return deed.request === one.request && deed.position === one.position
    }
    const before = shown.filter(
      ({ viewer, post, atMs }) => viewer === deed.viewer && post === deed.post && atMs <= deed.atMs,
    )
    return before.every(({ atMs }) => atMs <= one.atMs) && before.includes(one)
  }
  return ACTION_INDEXES.map((index) => {
    const mine = done.filter((deed) => deed.index === index && isMine(deed))
    return mine.toSorted((a, b) => a.atMs - b.atMs).at(-1)?.isActive === true ? 1 : 0
  })
}

let world: TrainingLogWorld
beforeAll(async () => {
  world = await TrainingLogWorld.open('pglite')
})
beforeEach(() => world.begin())
afterEach(() => world.end())
afterAll(() => world.close())

it.each(SEEDS)('outcomes are what the rule says, whatever the order (seed %i)', async (seed) => {
  const { shown, done, random } = randomEvents(seed)
  world.nowMs = HOUR_START_MS + 26 * HOUR_MS - 1
  const records = [
    ...shown.map(({ viewer, post, request, position, atMs }) =>
      impression({
        viewerId: BigInt(viewer),
        postId: BigInt(post),
        requestId: request,
        position,
        atMs,
      }),
    ),
    ...done.map(({ viewer, post, request, position, atMs, index, isActive }) =>
      action(index, {
        viewerId: BigInt(viewer),
        postId: BigInt(post),
        requestId: request,
        position,
        atMs,
        active: isActive,
      }),
    ),
  ]
  const shuffled = records
    .map((record) => ({ record, place: random(1 << 30) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ record }) => record)
  await world.logAll(...shuffled)
  const names = ACTION_INDEXES.map((index) => ACTIONS[index]?.name ?? '')
  const logged = world
    .impressions()
    .map((row) => [row['impressed_at'], ...names.map((name) => row[name])])
  const expected = shown
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((one) => [one.atMs, ...outcomesOf(one, shown, done)])
  expect(logged).toEqual(expected)
  expect(expected.flatMap(([, ...outcomes]) => outcomes)).toContain(1)
})
