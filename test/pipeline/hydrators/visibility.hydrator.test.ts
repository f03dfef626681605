import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, it } from 'vitest'
import { visibilityHydrator } from '../../../src/pipeline/hydrators/visibility.hydrator.ts'
import type { PostCandidate, RelatedPosts } from '../../../src/pipeline/home-feed.candidate.ts'
import type { PostRecord } from '../../../src/store/records.ts'
import type { AuthorLists } from '../../../src/pipeline/visibility/author-lists.ts'
import { createSafetyMemory } from '../../../src/pipeline/safety-memory.ts'
import { NO_AUTHOR_LISTS } from '../../../src/pipeline/visibility/author-lists.ts'
import {
  candidate,
  filledQuery,
  loadersOf,
  NO_RELATED,
  NOW_MS,
  post,
  postIds,
  quote,
  reply,
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
const create = (memory = createSafetyMemory({ now }), authorLists = NO_AUTHOR_LISTS) =>
  visibilityHydrator({ memory, authorLists, timeoutMs: 300, now })
const inNetwork = true
const adult: World = { moderation: { '80': { labels: ['adult'] } } }

interface Case {
  readonly title: string
  readonly each: PostCandidate
  /** Action and rule of the post itself, then of what it shows. */
  readonly verdicts: readonly string[]
}

const showing = (core: PostRecord, related: Partial<RelatedPosts>, more = {}) =>
  candidate(core, { related: { ...NO_RELATED, ...related }, ...more })

it.each<Case>([
  {
    title: 'an adult post in network',
    each: candidate(bad, { inNetwork }),
    verdicts: ['interstitial adult'],
  },
  {
    title: 'an adult post out of network',
    each: candidate(bad),
    verdicts: ['drop adult_not_recommended'],
  },
  {
    title: 'what quotes it, in network too',
    each: showing(quote(82, 9, bad), { quoted: bad }, { inNetwork }),
    verdicts: ['allow null', 'quoted drop adult_not_recommended'],
  },
  {
    title: 'a repost of it',
    each: showing(repost(83, 9, bad), { original: bad }, { inNetwork }),
    verdicts: ['allow null', 'original interstitial adult'],
  },
  {
    title: 'a reply below it',
    each: showing(reply(85, 9, plain), { parent: plain, root: bad }, { inNetwork }),
    verdicts: ['allow null', 'parent allow null', 'root drop adult_not_recommended'],
  },
  {
    title: 'a quote of a deleted post',
    each: candidate(quote(84, 9, bad)),
    verdicts: ['allow null'],
  },
])('judges $title', async ({ each, verdicts }) => {
  const { context } = stageContext()
  const patches = await create().hydrate(queryOn(adult), [each, candidate(plain)], context)
  expect(wordsOf(patches[0])).toEqual(verdicts)
  expect(wordsOf(patches[1])).toEqual(['allow null'])
})

function wordsOf(patch: unknown): readonly string[] {
  const { visibility, ancillaryVisibility } = patch as PostCandidate
  return [
    `${visibility?.action} ${visibility?.rule}`,
    ...(ancillaryVisibility ?? []).map(({ role, action, rule }) => `${role} ${action} ${rule}`),
  ]
}

it('takes a post that is asked for under both levels as a recommendation', async () => {
  const { context } = stageContext()
  const quoting = showing(quote(82, 9, bad), { quoted: bad }, { inNetwork })
  const list = [candidate(bad, { inNetwork }), quoting]
  const patches = await create().hydrate(queryOn(adult), list, context)
  expect(patches.map(wordsOf)).toEqual([
    ['drop adult_not_recommended'],
    ['allow null', 'quoted drop adult_not_recommended'],
  ])
})

it('judges trusted authors at level home, and hides whom the house hides', async () => {
  const { context } = stageContext()
  const memory = createSafetyMemory({ now })
  const rulesWith = async (lists: Partial<AuthorLists>) => {
    const hydrator = create(memory, { ...NO_AUTHOR_LISTS, ...lists })
    const list = [candidate(bad), showing(quote(82, 9, bad), { quoted: bad }, { inNetwork })]
    return (await hydrator.hydrate(queryOn(adult), list, context)).flatMap(wordsOf)
  }
  expect(await rulesWith({ trustedAuthorIds: userIds(8) })).toEqual([
    'interstitial adult',
    'allow null',
    'quoted interstitial adult',
  ])
  expect((await rulesWith({ hiddenAuthorIds: userIds(8) }))[2]).toBe('quoted drop author_hidden')
  expect((await rulesWith({ hiddenPostIds: postIds(80) }))[2]).toBe('quoted drop post_hidden')
})

it('tells how often each rule decided', async () => {
  const messages: unknown[] = []
  const listen = (message: unknown) => messages.push(message)
  subscribe('homefeed:visibility', listen)
  const { context } = stageContext()
  const list = [candidate(bad), candidate(plain), candidate(post(86, 9))]
  await create().hydrate(queryOn(adult), list, context)
  unsubscribe('homefeed:visibility', listen)
  const level = 'recommendations'
  expect(messages).toEqual([
    { level, action: 'drop', rule: 'adult_not_recommended', count: 1 },
    { level, action: 'allow', rule: 'none', count: 2 },
  ])
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
