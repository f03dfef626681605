import { expect, it } from 'vitest'
import { promotedPostsSource } from '../../../../src/pipeline/blending/sources/promoted-posts.source.ts'
import type { PromotedPosts } from '../../../../src/pipeline/blending/promoted/promoted-posts.ts'
import type { PostCandidate } from '../../../../src/pipeline/home-feed.candidate.ts'
import { candidate, post, stageContext } from '../../home-feed-fixtures.ts'
import { bareForYouQuery, namesOf, promotedPost } from '../blending-fixtures.ts'

const { context } = stageContext()
const verdict = (action: 'allow' | 'interstitial' | 'drop') =>
  ({ visibility: { action, rule: null, labels: [] } }) as const

function createSource(promoted: PromotedPosts | null, seen: readonly PostCandidate[] = []) {
  return promotedPostsSource({ promoted, timeoutMs: 100, mayBeSeen: async () => seen })
}

const sellerOf = (...ids: number[]): PromotedPosts => ({
  promotedPosts: async () => ids.map((id) => promotedPost(id, { insertPosition: id })),
})

it('brings, in the seller’s order, what this viewer may see without a warning', async () => {
  const source = createSource(sellerOf(9, 8, 7, 6, 5), [
    candidate(post(5, 3), verdict('allow')),
    candidate(post(7, 3), verdict('interstitial')),
    candidate(post(8, 3)),
    candidate(post(9, 3), verdict('allow')),
  ])
  const items = await source.fetch(bareForYouQuery(), context)
  expect(namesOf(items)).toBe('A9 A5')
  expect(items[0]?.content).toMatchObject({
    promotion: { impressionId: 'impression-9', insertPosition: 9, adjacency: null },
  })
})

it('believes no seller about the author: blocks go by who it is', async () => {
  const claimed = candidate(post(9, 3), { ...verdict('allow'), core: post(9, 66) })
  expect(await createSource(sellerOf(9), [claimed]).fetch(bareForYouQuery(), context)).toEqual([])
})

it('is off without a seller, brings nothing of nothing, and fails with the seller', async () => {
  expect(createSource(null).enable?.(bareForYouQuery())).toBe(false)
  expect(createSource(sellerOf()).enable?.(bareForYouQuery())).toBe(true)
  expect(await createSource(sellerOf()).fetch(bareForYouQuery(), context)).toEqual([])
  const broken = createSource({ promotedPosts: () => Promise.reject(new Error('sold out')) })
  await expect(broken.fetch(bareForYouQuery(), context)).rejects.toThrow('sold out')
})
