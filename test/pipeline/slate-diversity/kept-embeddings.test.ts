import { describe, expect, it } from 'vitest'
import { KeptEmbeddings } from '../../../src/pipeline/slate-diversity/kept-embeddings.ts'
import { postId, userId } from '../home-feed-fixtures.ts'

const options = { signal: new AbortController().signal, deadlineMs: Infinity }
const posts = (...ids: number[]) =>
  ids.map((id) => ({ postId: postId(id), authorId: userId(9), createdAtMs: 1 }))

/** Vectors [version, id], from whichever model is on. */
function tower(versions: () => number) {
  const asked: string[][] = []
  const kept = new KeptEmbeddings(
    {
      async embed(list) {
        const version = versions()
        asked.push(list.map((each) => each.postId))
        const vectors = list.flatMap((each) => [version, Number(each.postId)])
        return {
          vectors: Float32Array.from(vectors),
          dimension: 2,
          modelVersion: `model-${version}`,
        }
      },
    },
    { postsMax: 100 },
  )
  return { kept, asked }
}

describe('KeptEmbeddings', () => {
  it('asks for what it does not know', async () => {
    const { kept, asked } = tower(() => 1)
    await kept.embed(posts(5, 6), options)
    const answer = await kept.embed(posts(6, 7, 5), options)
    expect([...answer.vectors]).toEqual([1, 6, 1, 7, 1, 5])
    expect(answer).toMatchObject({ dimension: 2, modelVersion: 'model-1' })
    expect(asked).toEqual([['5', '6'], ['7']])
  })

  it('never mixes the vectors of two models', async () => {
    let version = 1
    const { kept, asked } = tower(() => version)
    await kept.embed(posts(5, 6), options)
    version = 2
    const answer = await kept.embed(posts(5, 6, 7), options)
    expect([...answer.vectors]).toEqual([2, 5, 2, 6, 2, 7])
    expect(asked).toEqual([['5', '6'], ['7'], ['5', '6']])
  })

  it('gives up where two models answer in turn', async () => {
    let calls = 0
    const { kept } = tower(() => (calls += 1))
    await kept.embed(posts(5), options)
    await expect(kept.embed(posts(5, 6), options)).rejects.toThrow('two models answer in turn')
  })
})
