import { expect, it } from 'vitest'
import { authorDiversityScorer } from '../../../src/pipeline/scorers/author-diversity.scorer.ts'
import {
  candidate,
  filledQuery,
  post,
  repost,
  stageContext,
  userId,
} from '../home-feed-fixtures.ts'

// Made in each test, so that mutation testing knows which tests see it.
const createScorer = () => authorDiversityScorer({ decay: 0.5, floor: 0.25 })
const { context } = stageContext()
const by = (id: number, author: number, weightedScore: number | undefined) =>
  candidate(post(id, author), { weightedScore, scoredBy: 'phoenix' })

it('lowers the second and third post of an author, best first', async () => {
  const list = [by(102, 10, 0.1), by(101, 10, 0.201), by(103, 11, 0.05), by(100, 10, 0.2)]
  expect(await createScorer().score(filledQuery(), list, context)).toEqual([
    { diversityFactor: 0.4375, score: expect.closeTo(0.04375, 12) },
    { diversityFactor: 1, score: 0.201 },
    { diversityFactor: 1, score: 0.05 },
    { diversityFactor: 0.625, score: expect.closeTo(0.125, 12) },
  ])
})

it('gives the published vector for three equal posts', async () => {
  const list = [100, 101, 102].map((id) => by(id, 10, 0.201))
  const scores = (await createScorer().score(filledQuery(), list, context)).map((patch) =>
    patch instanceof Error ? patch : patch.score,
  )
  // Larger ids first among equals.
  expect(scores).toEqual([0.0879375, 0.125625, 0.201].map((score) => expect.closeTo(score, 12)))
})

it('counts by the original author', async () => {
  const carried = repost(101, 12, post(90, 10))
  const list = [by(100, 10, 1), candidate(carried, { weightedScore: 0.5, scoredBy: 'phoenix' })]
  expect(await createScorer().score(filledQuery(), list, context)).toMatchObject([
    { diversityFactor: 1 },
    { diversityFactor: 0.625, score: 0.3125 },
  ])
})

it('goes down to the floor, and leaves what has no score without one', async () => {
  const list = Array.from({ length: 12 }, (_, index) => by(100 + index, 10, 1))
  const patches = await createScorer().score(
    filledQuery(),
    [...list, by(99, 10, undefined)],
    context,
  )
  expect(patches[0]).toMatchObject({ diversityFactor: expect.closeTo(0.25, 3) })
  expect(patches.at(-1)).toMatchObject({ score: undefined })
})

it('remembers what was served of an author', async () => {
  const query = filledQuery({ servedByAuthor: new Map([[userId(10), 1.5]]) })
  const patches = await createScorer().score(
    query,
    [by(101, 10, 1), by(100, 10, 1), by(99, 11, 1)],
    context,
  )
  expect(patches).toMatchObject([
    { diversityFactor: expect.closeTo(0.75 * 0.5 ** 1.5 + 0.25, 12) },
    { diversityFactor: expect.closeTo(0.75 * 0.5 ** 2.5 + 0.25, 12) },
    { diversityFactor: 1 },
  ])
})

it('goes by what a cold start lifted', async () => {
  const lifted = { ...by(100, 10, 0.1), coldStartScore: 0.5 }
  expect(await createScorer().score(filledQuery(), [by(101, 10, 0.4), lifted], context)).toEqual([
    { diversityFactor: 0.625, score: expect.closeTo(0.25, 12) },
    { diversityFactor: 1, score: 0.5 },
  ])
})
