import { expect, it } from 'vitest'
import { rankedPostsSource } from '../../../../src/pipeline/blending/sources/ranked-posts.source.ts'
import { candidate, post, stageContext } from '../../home-feed-fixtures.ts'
import { bareForYouQuery, namesOf, rankedPosts } from '../blending-fixtures.ts'

const { context } = stageContext()

it('brings the posts of the ranking in slate order', async () => {
  const ranked = rankedPosts([3, 1, 2].map((id) => candidate(post(id, 2))))
  expect(namesOf(await rankedPostsSource().fetch(bareForYouQuery(ranked), context))).toBe(
    'p3 p1 p2',
  )
})

it('fails with the ranking', async () => {
  const query = { ...bareForYouQuery(), ranking: Promise.reject(new Error('down')) }
  await expect(rankedPostsSource().fetch(query, context)).rejects.toThrow('down')
})
