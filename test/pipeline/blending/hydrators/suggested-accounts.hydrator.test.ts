import { expect, it } from 'vitest'
import type { ForYouQuery } from '../../../../src/pipeline/blending/for-you.query.ts'
import { suggestedAccountsHydrator } from '../../../../src/pipeline/blending/hydrators/suggested-accounts.hydrator.ts'
import type { HomeFeedQuery } from '../../../../src/pipeline/home-feed.query.ts'
import { keyword, loadersOf, stageContext, user, userIds } from '../../home-feed-fixtures.ts'
import type { World } from '../../home-feed-fixtures.ts'
import {
  filledForYouQuery,
  postItem,
  promptItem,
  rankedPosts,
  suggestionItem,
} from '../blending-fixtures.ts'

const { context } = stageContext()
const hydrator = suggestedAccountsHydrator<ForYouQuery>({
  timeoutMs: 100,
  accountsMax: 2,
  viewerQueryOf: async ({ ranking }) => (await ranking).pipelineResult.query,
})

interface Setting {
  readonly world?: World
  readonly lists?: Partial<HomeFeedQuery>
}

const USERS = [7, 8, 9, 10].map((id) => user(id))

/** Of a module of 7, 8 and 9 between a post and a prompt. */
async function accountsIn({ world, lists }: Setting, ids: readonly number[] = [7, 8, 9]) {
  const loaders = loadersOf({ users: USERS, ...world })
  const query = filledForYouQuery({}, rankedPosts([], lists), loaders)
  const items = [postItem(1), suggestionItem(...ids), promptItem()]
  const [post, module, prompt] = await hydrator.hydrate(query, items, context)
  expect([post, prompt]).toEqual([{ accountIds: null }, { accountIds: null }])
  return module instanceof Error ? module.message : module?.accountIds?.join(' ')
}

const among = (...changed: ReturnType<typeof user>[]): World => ({
  users: [...changed, ...USERS],
})

it.each<[string, Setting, string]>([
  ['as many as a module holds', {}, '7 8'],
  ['nobody followed', { lists: { followedIds: userIds(7) } }, '8 9'],
  ['nobody blocked', { lists: { blockedIds: userIds(8) } }, '7 9'],
  ['nobody who blocks', { lists: { blockedByIds: userIds(8) } }, '7 9'],
  ['nobody muted', { lists: { mutedIds: userIds(8) } }, '7 9'],
  ['no handle with a muted word', { lists: { mutedKeywords: [keyword('user8')] } }, '7 9'],
  ['nobody protected', { world: among(user(8, { isProtected: true })) }, '7 9'],
  ['no adult account', { world: among(user(8, { isAdult: true })) }, '7 9'],
  ['nobody suspended', { world: among(user(8, { state: 'suspended' })) }, '7 9'],
  ['nobody who closed the account', { world: among(user(7, { state: 'deactivated' })) }, '8 9'],
  ['no spammer', { world: { userLabels: { '8': ['spam'] } } }, '7 9'],
  ['nobody not to be amplified', { world: { userLabels: { '8': ['DO-NOT-AMPLIFY'] } } }, '7 9'],
  ['who is gone not', { world: { users: [user(9)] } }, '9'],
  ['nobody at all', { lists: { blockedIds: userIds(7, 8, 9) } }, ''],
])('suggests %s', async (_what, setting, expected) => {
  expect(await accountsIn(setting)).toBe(expected)
})

it('never suggests viewers to themselves, whatever they are', async () => {
  expect(await accountsIn({ world: among(user(1)) }, [1, 7])).toBe('7')
})

it('has no accounts where one of them cannot be read', async () => {
  expect(await accountsIn({ world: { broken: ['users'] } })).toBe('users cannot be read')
  expect(await accountsIn({ world: { broken: ['userLabels'] } })).toBe('userLabels cannot be read')
})

it.each(['followedIds', 'blockedIds', 'mutedKeywords', 'viewerAccount'] as const)(
  'fails while %s is not known',
  async (name) => {
    const setting = { lists: { [name]: undefined } }
    await expect(accountsIn(setting)).rejects.toThrow("the viewer's lists are not known")
  },
)

it('asks nobody when there is no such module', async () => {
  const query = filledForYouQuery({ ranking: Promise.reject(new Error('never asked')) })
  query.ranking.catch(() => undefined)
  expect(await hydrator.hydrate(query, [postItem(1)], context)).toEqual([{ accountIds: null }])
})
