import { expect, it } from 'vitest'
import { coreDataHydrator } from '../../../src/pipeline/hydrators/core-data.hydrator.ts'
import type { Loaders } from '../../../src/store/loaders.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  NO_RELATED,
  post,
  quote,
  reply,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'

const root = post(80, 8)
const parent = reply(81, 9, root)
const grandchild = reply(82, 10, parent)
const quoting = quote(83, 11, root)
const carried = repost(84, 12, quoting)
const orphan = reply(85, 13, post(86, 14))
const posts = [root, parent, grandchild, quoting, carried, orphan]
const hydrator = coreDataHydrator({ timeoutMs: 200 })
const { context } = stageContext()

it('brings what a post shows of others; what is gone is null', async () => {
  const list = [grandchild, quoting, carried, orphan, post(99, 10)].map(bareCandidate)
  const query = filledQuery({ loaders: loadersOf({ posts }) })
  expect(await hydrator.hydrate(query, list, context)).toEqual([
    { core: grandchild, related: { ...NO_RELATED, parent, root } },
    { core: quoting, related: { ...NO_RELATED, quoted: root } },
    { core: carried, related: { ...NO_RELATED, original: quoting, quoted: root } },
    { core: orphan, related: NO_RELATED },
    { core: null, related: NO_RELATED },
  ])
})

it('needs three statements at most, however many posts there are', async () => {
  const statements: (keyof Loaders)[] = []
  const query = filledQuery({ loaders: loadersOf({ posts, statements }) })
  await hydrator.hydrate(query, posts.map(bareCandidate), context)
  expect(statements.length).toBeLessThanOrEqual(3)
})

it('answers an error for each post that cannot be read', async () => {
  const query = filledQuery({ loaders: loadersOf({ posts, broken: ['posts'] }) })
  const patches = await hydrator.hydrate(query, posts.map(bareCandidate), context)
  expect(patches.every((patch) => patch instanceof Error)).toBe(true)
})
