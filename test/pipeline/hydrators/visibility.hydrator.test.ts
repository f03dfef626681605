import { expect, it } from 'vitest'
import { visibilityHydrator } from '../../../src/pipeline/hydrators/visibility.hydrator.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { createSafetyMemory } from '../../../src/pipeline/safety-memory.ts'
import {
  candidate,
  filledQuery,
  loadersOf,
  NO_RELATED,
  NOW_MS,
  post,
  quote,
  repost,
  stageContext,
  user,
  userIds,
} from '../home-feed-fixtures.ts'
import type { World } from '../home-feed-fixtures.ts'

const now = () => NOW_MS
const users = [8, 9, 10].map((id) => user(id))
const bad = post(80, 8)
const plain = post(81, 9)
const queryOn = (world: World = {}) => filledQuery({ loaders: loadersOf({ users, ...world }) })
const create = (memory = createSafetyMemory({ now })) =>
  visibilityHydrator({ memory, timeoutMs: 300, now })
const inNetwork = true
const adult: World = { moderation: { '80': { labels: ['adult'] } } }

it.each<[string, PostCandidate, string, string | null]>([
  ['warns of an adult post in network', candidate(bad, { inNetwork }), 'interstitial', 'adult'],
  ['drops it out of network', candidate(bad), 'drop', 'adult_not_recommended'],
  [
    'drops what quotes it, in network too',
    candidate(quote(82, 9, bad), { inNetwork, related: { ...NO_RELATED, quoted: bad } }),
    'drop',
    'quoted:adult_not_recommended',
  ],
  [
    'warns of a repost of it',
    candidate(repost(83, 9, bad), { inNetwork, related: { ...NO_RELATED, original: bad } }),
    'interstitial',
    'original:adult',
  ],
  [
    'drops the replies below it',
    candidate(plain, { inNetwork, related: { ...NO_RELATED, root: bad } }),
    'drop',
    'root:adult_not_recommended',
  ],
  ['allows a quote of a deleted post', candidate(quote(84, 9, bad)), 'allow', null],
])('%s', async (_title, ...[each, action, rule]) => {
  const { context } = stageContext()
  const patches = await create().hydrate(queryOn(adult), [each, candidate(plain)], context)
  expect(patches[0]).toMatchObject({ visibility: { action, rule } })
  expect(patches[1]).toEqual({ visibility: { action: 'allow', rule: null, labels: [] } })
})

it('drops a protected author whose follow is not known', async () => {
  const world = { users: [user(9, { isProtected: true })] }
  const followed = filledQuery({ loaders: loadersOf(world), followedIds: userIds(9) })
  const unknown = filledQuery({ loaders: loadersOf(world), followedIds: undefined })
  const { context } = stageContext()
  const actionFor = async (query: typeof followed) =>
    (await create().hydrate(query, [candidate(plain)], context))[0]
  expect(await actionFor(followed)).toMatchObject({ visibility: { action: 'allow' } })
  expect(await actionFor(unknown)).toMatchObject({ visibility: { rule: 'protected' } })
})

it.each<[string, World]>([
  ['labels cannot be read', { broken: ['postModeration'] }],
  ["authors' labels cannot be read", { broken: ['userLabels'] }],
  ['labels do not come', { frozen: ['postModeration'] }],
])('stands on the last known good when %s, else fails', async (_title, world) => {
  const hydrator = create()
  const list = [candidate(bad, { inNetwork })]
  const { context, degradations } = stageContext({ deadlineMs: NOW_MS + 20 })
  await expect(hydrator.hydrate(queryOn(world), list, context)).rejects.toThrow(
    /cannot be read|no answer within/,
  )
  await hydrator.hydrate(queryOn(adult), list, context)
  expect(degradations).toEqual([])
  expect(await hydrator.hydrate(queryOn({ ...adult, ...world }), list, context)).toMatchObject([
    { visibility: { rule: 'adult' } },
  ])
  expect(degradations).toContain('STALE_GRAPH database')
})

it('gives no verdict on a post that was not read, and none at all without the lists', async () => {
  const { context } = stageContext()
  const list = [candidate(bad, { core: undefined }), candidate(plain)]
  const [unread, read] = await create().hydrate(queryOn(), list, context)
  expect(unread).toBeInstanceOf(Error)
  expect(read).toMatchObject({ visibility: { action: 'allow' } })
  const unknown = { ...queryOn(), mutedIds: undefined }
  await expect(create().hydrate(unknown, list, context)).rejects.toThrow('lists are not known')
})
