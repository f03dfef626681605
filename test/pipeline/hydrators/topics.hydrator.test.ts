import { expect, it } from 'vitest'
import { topicsHydrator } from '../../../src/pipeline/hydrators/topics.hydrator.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import {
  bareCandidate,
  filledQuery,
  loadersOf,
  post,
  repost,
  stageContext,
  topicId,
  type World,
} from '../home-feed-fixtures.ts'

const original = post(80, 8)
const carried = repost(81, 9, original)
const plain = post(82, 8)
const posts = [original, carried, plain]
const postTopics = { '80': [topicId(1), topicId(2)], '81': [topicId(9)] }
const filter = { ...EMPTY_FILTER, topics: [topicId(5), topicId(2)] }
const hydrator = topicsHydrator({ timeoutMs: 150 })
const { context } = stageContext()
const queryOn = (world: World) =>
  filledQuery({ filter, loaders: loadersOf({ posts, postTopics, ...world }) })

it('reads what the original is about, in one statement, and what it answers to', async () => {
  const statements: NonNullable<World['statements']> = []
  const list = [carried, original, plain, post(99, 7)].map(bareCandidate)
  const about = { topicIds: ['1', '2'], matchedTopicId: '2' }
  const nothing = { topicIds: [], matchedTopicId: null }
  expect(await hydrator.hydrate(queryOn({ statements }), list, context)).toEqual([
    about,
    about,
    nothing,
    nothing,
  ])
  expect(statements.filter((name) => name === 'postTopics')).toHaveLength(1)
})

it('answers errors when topics cannot be read, and is enrichment', async () => {
  const patches = await hydrator.hydrate(
    queryOn({ broken: ['postTopics'] }),
    [bareCandidate(original)],
    context,
  )
  expect(patches).toEqual([new Error('postTopics cannot be read')])
  expect(hydrator).toMatchObject({
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
  })
})

it('rests where nothing asks for topics', () => {
  expect(hydrator.enable?.(filledQuery())).toBe(false)
  expect(hydrator.enable?.(filledQuery({ filter }))).toBe(true)
})
