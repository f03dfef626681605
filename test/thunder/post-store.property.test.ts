import { expect, it } from 'vitest'
import { PostStore } from '../../src/thunder/post-store.ts'
import { NaiveThunder } from './naive-thunder.ts'
import { randomSteps, START_SECONDS, type Step } from './random-steps.ts'

/** `THUNDER_SEEDS=10000 npx vitest run test/thunder/post-store.property.test.ts` for more. */
const SEEDS = Number(process.env['THUNDER_SEEDS'] ?? 300)
const STEPS = 600

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

/** What the two disagree on; null when they never do. */
function findDifference(seed: number): string | null {
  let nowSeconds = START_SECONDS
  const store = new PostStore(() => nowSeconds * 1_000 + 999)
  const naive = new NaiveThunder()
  for (const [at, step] of randomSteps(seed, STEPS).entries()) {
    if (step.kind === 'clock') {
      nowSeconds = step.seconds
      continue
    }
    naive.tick(nowSeconds)
    if (step.kind === 'read') {
      const answer = store.recentPosts(step.request).map(({ postId }) => postId)
      const wanted = naive.read(step.request)
      if (answer.join() === wanted.join()) continue
      return `seed ${seed}, step ${at}: got ${answer.join()}, the oracle says ${wanted.join()}`
    }
    applyStep(step, store, naive)
  }
  return null
}

it(
  `reads what the naive oracle reads, order included, on ${SEEDS} random sequences`,
  () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) expect(findDifference(seed)).toBeNull()
  },
  60_000 + SEEDS * 100,
)
