import { expect, it } from 'vitest'
import type { EmbeddingClient } from '../../../src/phoenix/embedding-client.ts'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { slateDiversityScorer } from '../../../src/pipeline/scorers/slate-diversity.scorer.ts'
import { topKSelector } from '../../../src/pipeline/selectors/top-k.selector.ts'
import {
  candidate,
  filledQuery,
  NOW_MS,
  post,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'

const { context } = stageContext()
const asked: string[][] = []

/** Post n points where its tens digit says: 10 to 19 are alike. */
const embeddings: EmbeddingClient = {
  async embed(posts) {
    asked.push(posts.map(({ postId }) => postId))
    const vectors = new Float32Array(posts.length * 10)
    posts.forEach(({ postId }, index) => {
      vectors[index * 10 + (Math.floor(Number(postId) / 10) % 10)] = 1
    })
    return { vectors, dimension: 10, modelVersion: 'model-1' }
  },
}

const options = { theta: 0.65, windowSize: 2, poolSize: 4, timeoutMs: 100, reserveMs: 0 }
// Made in each test, so that mutation testing knows which tests see it.
const createScorer = (client = embeddings) =>
  slateDiversityScorer({ ...options, embeddings: client, now: () => NOW_MS })
const query = filledQuery({ slateSize: 4 })

function scored(id: number, score: number, more: Partial<PostCandidate> = {}): PostCandidate {
  return candidate(post(id, id), { score, scoredBy: 'phoenix', ...more })
}

async function windowsOf(list: readonly PostCandidate[], client?: EmbeddingClient) {
  const patches = await createScorer(client).score(query, list, context)
  return patches.map((patch) => (patch instanceof Error ? patch : patch.slateWindow))
}

it('spreads what is alike over the windows, and leaves the rest to the score', async () => {
  const list = [11, 12, 21, 13, 22, 31].map((id, index) => scored(id, 1 - index / 100))
  // 11 and 21 differ; then 12 and 22; 13 and 31 are beyond the slate's two windows.
  expect(await windowsOf(list)).toEqual([0, 1, 0, 2, 1, 2])
})

it('is put in order by window, then score', async () => {
  const list = [11, 12, 21, 13].map((id, index) => scored(id, 1 - index / 100))
  const windows = await windowsOf(list)
  list.forEach((each, index) => (each.slateWindow = windows[index] as number))
  const selector = topKSelector({ overSelectionFactor: 1 })
  const { selected } = selector.select(query, list.toReversed())
  expect(selected.map(({ id }) => id)).toEqual(['11', '21', '12', '13'])
})

it('fills a window with the best where all are alike', async () => {
  const list = [11, 12, 13].map((id, index) => scored(id, 1 - index / 100))
  expect(await windowsOf(list)).toEqual([0, 0, 1])
})

it('prefers a good post that is a little like another to a bad one that is not', async () => {
  const directions = new Map([
    ['11', [1, 0]],
    ['12', [0.8, 0.6]],
    ['21', [0, 1]],
  ])
  const client: EmbeddingClient = {
    embed: async (posts) => ({
      vectors: Float32Array.from(posts.flatMap(({ postId }) => directions.get(postId) ?? [])),
      dimension: 2,
      modelVersion: 'model-1',
    }),
  }
  // Gains after the first: 6.3 x (1 - 0.8^2) = 2.3 and 1.2; of equal scores 0.36 and 1.
  const list = [scored(21, 0.1), scored(11, 1), scored(12, 0.99)]
  expect(await windowsOf(list, client)).toEqual([1, 0, 0])
  const alike = [scored(21, 0.98), scored(11, 1), scored(12, 0.99)]
  expect(await windowsOf(alike, client)).toEqual([0, 0, 1])
})

it('chooses a window among the best that are left, however different the next is', async () => {
  const list = [11, 12, 13, 14, 21].map((id, index) => scored(id, 1 - index / 100))
  expect(await windowsOf(list)).toEqual([0, 0, 1, 2, 1])
})

it('goes by the original of a repost, and never asks for more than the windows see', async () => {
  asked.length = 0
  const list = [scored(11, 1), ...[21, 31, 41, 51, 61, 71, 81].map((id) => scored(id, 0.5))]
  list[0] = candidate(repost(99, 5, post(11, 11)), { score: 1, scoredBy: 'phoenix' })
  await windowsOf(list)
  expect(asked).toEqual([['11', '81', '71', '61', '51', '41']])
})

it('compares only scores of one kind, and asks nobody when there is none', async () => {
  asked.length = 0
  const list = [scored(11, 0.1), scored(21, 9, { scoredBy: 'fallback' })]
  expect(await windowsOf(list)).toEqual([0, 2])
  expect(await windowsOf(list.toReversed())).toEqual([2, 0])
  expect(await windowsOf([candidate(post(11, 11))])).toEqual([2])
  expect(asked).toEqual([['11'], ['11']])
})
