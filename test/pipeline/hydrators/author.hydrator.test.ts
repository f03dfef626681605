import { expect, it } from 'vitest'
import { authorHydrator } from '../../../src/pipeline/hydrators/author.hydrator.ts'
import type { Loaders } from '../../../src/store/loaders.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  post,
  quote,
  repost,
  stageContext,
  user,
} from '../home-feed-fixtures.ts'

const quoted = post(80, 8)
const quoting = quote(83, 11, quoted)
const carried = repost(84, 12, quoting)
const world = { posts: [quoted, quoting, carried], users: [user(8), user(11), user(12)] }
const hydrator = authorHydrator({ timeoutMs: 150 })
const { context } = stageContext()

it('brings authors and the handles of everyone shown, in one statement of users', async () => {
  const statements: (keyof Loaders)[] = []
  const query = filledQuery({ loaders: loadersOf({ ...world, statements }) })
  const list = [carried, quoting, post(99, 7)].map(bareCandidate)
  expect(await hydrator.hydrate(query, list, context)).toEqual([
    {
      author: user(12),
      originalAuthor: user(11),
      actorHandles: ['user12', 'user11', 'user8'],
    },
    { author: user(11), originalAuthor: null, actorHandles: ['user11', 'user8'] },
    { author: null, originalAuthor: null, actorHandles: [] },
  ])
  expect(statements.filter((name) => name === 'users')).toHaveLength(1)
})

it.each(['posts', 'users'] as const)('answers errors when %s cannot be read', async (broken) => {
  const query = filledQuery({ loaders: loadersOf({ ...world, broken: [broken] }) })
  const patches = await hydrator.hydrate(query, [bareCandidate(carried)], context)
  expect(patches).toEqual([new Error(`${broken} cannot be read`)])
})
