import { expect, it } from 'vitest'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { RecentPostsRequest } from '../../src/thunder/thunder.ts'
import { NaiveThunder } from './naive-thunder.ts'
import {
  boundsOf,
  randomSteps,
  START_SECONDS,
  type Step,
  type StoreBounds,
} from './random-steps.ts'
import { shrinkSteps } from './shrink-steps.ts'
import { toSlotRequest } from './stored-post-fixture.ts'

/** `THUNDER_SEEDS=10000 npx vitest run test/thunder/post-store.property.test.ts` for more. */
const SEEDS = Number(process.env['THUNDER_SEEDS'] ?? 300)
const STEPS = 600
const ANSWER_MAX = 1_200

function applyStep(
  step: Exclude<Step, { kind: 'read' | 'clock' }>,
  store: PostStore,
  naive: NaiveThunder,
) {
  switch (step.kind) {
    case 'create':
      store.insert(step.post)
      return naive.create(step.post)
    case 'restore':
      store.restore(step.post)
      return naive.restore(step.post)
    case 'delete':
      store.delete(step.deletion)
      return naive.delete(step.deletion)
    case 'trim':
      return store.trim()
  }
}

/** The store's answers to one request: as objects, and as slots by each plan. */
function answersOf(store: PostStore, request: RecentPostsRequest): Record<string, string> {
  const into = new Int32Array(ANSWER_MAX)
  const bySlots = (plan: 'authors' | 'global') => {
    const count = store.readSlots({ ...toSlotRequest(store, request), plan }, into)
    return [...into.subarray(0, count)].map((slot) => store.postAt(slot).postId).join()
  }
  const objects = store.recentPosts(request).map(({ postId }) => postId)
  return { objects: objects.join(), authors: bySlots('authors'), global: bySlots('global') }
}

/** What the two disagree on; null when they never do. */
function findDifference(steps: readonly Step[], options: StoreBounds): string | null {
  let nowSeconds = START_SECONDS
  const store = new PostStore(() => nowSeconds * 1_000 + 999, options)
  const naive = new NaiveThunder(options.postsMax)
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'clock') {
      nowSeconds = step.seconds
      continue
    }
    naive.tick(nowSeconds)
    if (step.kind !== 'read') {
      applyStep(step, store, naive)
      continue
    }
    const wanted = naive.read(step.request).join()
    for (const [way, answer] of Object.entries(answersOf(store, step.request))) {
      if (answer !== wanted) return `step ${at}, ${way}: got ${answer}, the oracle says ${wanted}`
    }
  }
  const { posts, tombstones } = (store.trim(), store.stats())
  naive.tick(nowSeconds)
  if (posts === naive.posts.length && tombstones === naive.deletions.length) return null
  return `${posts} posts and ${tombstones} tombstones are left, the oracle has other numbers`
}

function describeSteps(steps: readonly Step[]): string {
  const toText = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof Set ? [...value] : value
  return steps.map((step) => JSON.stringify(step, toText)).join('\n')
}

it(
  `reads what the naive oracle reads, order included, on ${SEEDS} random sequences`,
  () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const bounds = boundsOf(seed)
      const steps = randomSteps(seed, STEPS)
      if (findDifference(steps, bounds) === null) continue
      const fails = (some: readonly Step[]) => findDifference(some, bounds) !== null
      const shortest = shrinkSteps(steps, fails)
      expect.fail(
        `seed ${seed}, ${JSON.stringify(bounds)}: ${findDifference(shortest, bounds)}, after\n` +
          describeSteps(shortest),
      )
    }
  },
  60_000 + SEEDS * 200,
)
