import { expect, it } from 'vitest'
import type { UserId } from '../../../src/ids.ts'
import { createModuleRecheckPipeline } from '../../../src/pipeline/blending/module-recheck.pipeline.ts'
import type { HomeFeedDependencies } from '../../../src/pipeline/home-feed.dependencies.ts'
import { createSafetyMemory } from '../../../src/pipeline/safety-memory.ts'
import type { SafetyMemory } from '../../../src/pipeline/safety-memory.ts'
import type { UserRecord } from '../../../src/store/records.ts'
import { now, viewerStore } from '../contract-world.ts'
import { bareQuery, loadersOf, NOW_MS, user, userId } from '../home-feed-fixtures.ts'
import { relations } from '../store-fixtures.ts'

const WORLDS = 300
const ACCOUNTS = Array.from({ length: 12 }, (_, index) => 20 + index)

/** mulberry32: numbers in [0, 1), the same for a seed. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a world holds against each account: spec/visibility.md 6, and being followed. */
interface Hidden {
  readonly followed: readonly number[]
  readonly blocked: readonly number[]
  readonly blockedBy: readonly number[]
  readonly muted: readonly number[]
  readonly isProtected: readonly number[]
  readonly adult: readonly number[]
  readonly suspended: readonly number[]
  readonly closed: readonly number[]
  readonly spammers: readonly number[]
  readonly gone: readonly number[]
}

function drawHidden(random: () => number): Hidden {
  const some = () => ACCOUNTS.filter(() => random() < 0.12)
  return {
    followed: some(),
    blocked: some(),
    blockedBy: some(),
    muted: some(),
    isProtected: some(),
    adult: some(),
    suspended: some(),
    closed: some(),
    spammers: some(),
    gone: some(),
  }
}

function accountOf(id: number, hidden: Hidden): UserRecord {
  const state = hidden.suspended.includes(id)
    ? 'suspended'
    : hidden.closed.includes(id)
      ? 'deactivated'
      : 'active'
  return user(id, {
    state,
    isProtected: hidden.isProtected.includes(id),
    isAdult: hidden.adult.includes(id),
  })
}

interface Setting {
  readonly broken?: 'users' | 'userLabels' | 'relations' | 'followedIds' | null
  /** Fresh ones are dear: many worlds share one. */
  readonly safetyMemory?: SafetyMemory
}

/** A session holds a module of all accounts, so that the pipeline alone must judge. */
async function suggested(
  hidden: Hidden,
  { broken = null, safetyMemory = createSafetyMemory({ now }) }: Setting = {},
): Promise<readonly UserId[]> {
  const fails = () => Promise.reject(new Error('down'))
  const lists: HomeFeedDependencies['viewerStore'] = {
    ...viewerStore,
    relations: async () => (broken === 'relations' ? fails() : relations(hidden)),
    followedIds: async () => (broken === 'followedIds' ? fails() : hidden.followed.map(userId)),
  }
  const pipeline = createModuleRecheckPipeline({ viewerStore: lists, safetyMemory, now })
  const accounts = ACCOUNTS.filter((id) => !hidden.gone.includes(id))
  const loaders = loadersOf({
    users: accounts.map((id) => accountOf(id, hidden)),
    userLabels: Object.fromEntries(hidden.spammers.map((id) => [id, ['spam']])),
    broken: broken === 'users' || broken === 'userLabels' ? [broken] : [],
  })
  const module = { kind: 'who-to-follow', userIds: ACCOUNTS.map(userId) } as const
  const { signal } = new AbortController()
  const { selected } = await pipeline.execute(
    { ...bareQuery(loaders), modules: [module] },
    { requestId: 'request-1', nowMs: NOW_MS, signal, now },
  )
  return selected.flatMap(({ accountIds }) => accountIds ?? [])
}

it(`suggests the first who may be, and nobody hidden, in ${WORLDS} random worlds`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = createRandom(seed)
  const safetyMemory = createSafetyMemory({ now })
  for (let world = 0; world < WORLDS; world += 1) {
    const hidden = drawHidden(random)
    const all = new Set(Object.values(hidden).flat())
    const allowed = ACCOUNTS.filter((id) => !all.has(id)).map(String)
    expect(await suggested(hidden, { safetyMemory }), `seed ${seed}`).toEqual(allowed.slice(0, 3))
  }
})

it.each(['users', 'userLabels', 'relations', 'followedIds'] as const)(
  'suggests nobody while %s cannot be read',
  async (broken) => {
    const hidden = drawHidden(createRandom(7))
    expect(await suggested(hidden)).not.toEqual([])
    expect(await suggested(hidden, { broken })).toEqual([])
  },
)
