import { expect, it } from 'vitest'
import { mediaHydrator } from '../../../src/pipeline/hydrators/media.hydrator.ts'
import type { MediaRecord } from '../../../src/store/records.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  post,
  quote,
  repost,
  stageContext,
} from '../home-feed-fixtures.ts'
import { media } from '../media-fixtures.ts'

const quoted = post(80, 8)
const quoting = quote(83, 11, quoted)
const carried = repost(84, 12, quoting)
const posts = [quoted, quoting, carried, post(99, 7)]
const hydrator = mediaHydrator({ timeoutMs: 200 })
const { context } = stageContext()

const hydrate = (list: readonly MediaRecord[]) =>
  hydrator.hydrate(
    filledQuery({ loaders: loadersOf({ posts, media: list }) }),
    [carried, quoted, post(99, 7)].map(bareCandidate),
    context,
  )

it("takes the original's media, the shortest video, and the quoted post's texts", async () => {
  const list = [
    media(quoting, { kind: 'video', durationMs: 20_000, altText: 'long' }),
    media(quoting, { kind: 'video', durationMs: 9_000 }),
    media(quoting, { kind: 'image' }),
    media(quoted, { altText: 'a harbour' }),
  ]
  expect(await hydrate(list)).toEqual([
    {
      mediaKinds: ['video', 'image'],
      altTexts: ['long', 'a harbour'],
      videoDurationMs: 9_000,
    },
    { mediaKinds: ['image'], altTexts: ['a harbour'], videoDurationMs: null },
    { mediaKinds: [], altTexts: [], videoDurationMs: null },
  ])
})

it('counts a video of unknown length as a video', async () => {
  const patches = await hydrate([media(quoted, { kind: 'video', durationMs: null })])
  expect(patches[1]).toMatchObject({ mediaKinds: ['video'], videoDurationMs: 0 })
})

it('takes no texts of a quoted post that is gone', async () => {
  const left = loadersOf({ posts: [quoting], media: [media(quoted, { altText: 'a harbour' })] })
  const query = filledQuery({ loaders: left })
  expect(await hydrator.hydrate(query, [bareCandidate(quoting)], context)).toEqual([
    { mediaKinds: [], altTexts: [], videoDurationMs: null },
  ])
})

it('answers errors when media cannot be read', async () => {
  const query = filledQuery({ loaders: loadersOf({ posts, broken: ['media'] }) })
  const patches = await hydrator.hydrate(query, [bareCandidate(quoted)], context)
  expect(patches).toEqual([new Error('media cannot be read')])
})
