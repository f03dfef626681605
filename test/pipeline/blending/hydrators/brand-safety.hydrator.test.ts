import { expect, it } from 'vitest'
import { brandSafetyHydrator } from '../../../../src/pipeline/blending/hydrators/brand-safety.hydrator.ts'
import type { PostCandidate } from '../../../../src/pipeline/home-feed.candidate.ts'
import type { PostRecord } from '../../../../src/store/records.ts'
import {
  candidate,
  loadersOf,
  NO_RELATED,
  post,
  quote,
  repost,
  stageContext,
  user,
} from '../../home-feed-fixtures.ts'
import type { World } from '../../home-feed-fixtures.ts'
import { createFeedItem } from '../../../../src/pipeline/blending/feed-item.ts'
import { filledForYouQuery, promptItem, rankedPosts } from '../blending-fixtures.ts'

const { context } = stageContext()
const ORIGINAL = post(1, 2)
const hydrator = brandSafetyHydrator({ isNeeded: true, timeoutMs: 100 })

async function safetyOf(shown: PostCandidate, world: World = {}) {
  const loaders = loadersOf({ users: [user(2), user(3)], ...world })
  const items = [promptItem(), createFeedItem({ kind: 'post', post: shown })]
  const query = filledForYouQuery({}, rankedPosts([]), loaders)
  const [prompt, patch] = await hydrator.hydrate(query, items, context)
  expect(prompt).toEqual({ brandSafety: null })
  return patch instanceof Error ? patch : patch?.brandSafety
}

const labelled = (label: string): World => ({ moderation: { '1': { labels: [label] } } })
const plain = (core: PostRecord = ORIGINAL) => candidate(core)

it.each<[string, PostCandidate, World, string]>([
  ['no label', plain(), {}, 'safe'],
  ['a label that means nothing here', plain(), labelled('funny'), 'safe'],
  ['adult', plain(), labelled('adult'), 'medium-risk'],
  ['gore', plain(), labelled('GORE'), 'medium-risk'],
  ['not to be amplified', plain(), labelled('do-not-amplify'), 'medium-risk'],
  ['against policy', plain(), labelled('policy'), 'medium-risk'],
  ['flagged sensitive', plain(post(1, 2, { sensitive: true })), {}, 'medium-risk'],
  ['perhaps spam', plain(), labelled('spam_suspect'), 'low-risk'],
  ['an adult account', plain(), { users: [user(2, { isAdult: true })] }, 'low-risk'],
  ['an author who is not known', plain(), { users: [] }, 'medium-risk'],
  ['labels that cannot be read', plain(), { broken: ['postModeration'] }, 'medium-risk'],
  ['a post that was not read', candidate(ORIGINAL, { core: undefined }), {}, 'medium-risk'],
])('%s', async (_what, shown, world, expected) => {
  expect(await safetyOf(shown, world)).toBe(expected)
})

it('goes by what is shown: a repost’s original, the worst of post and quoted post', async () => {
  const reposted = candidate(repost(5, 3, ORIGINAL), {
    related: { ...NO_RELATED, original: ORIGINAL },
  })
  expect(await safetyOf(reposted, labelled('adult'))).toBe('medium-risk')
  expect(await safetyOf(reposted, { moderation: { '5': { labels: ['adult'] } } })).toBe('safe')
  const quoting = candidate(quote(6, 3, ORIGINAL), { related: { ...NO_RELATED, quoted: ORIGINAL } })
  expect(await safetyOf(quoting, labelled('spam_suspect'))).toBe('low-risk')
  const both = { moderation: { '1': { labels: ['spam_suspect'] }, '6': { labels: ['gore'] } } }
  expect(await safetyOf(quoting, both)).toBe('medium-risk')
})

it('is off while nothing is promoted', () => {
  const off = brandSafetyHydrator({ isNeeded: false, timeoutMs: 100 })
  expect(off.enable?.(filledForYouQuery())).toBe(false)
})
