import { sql } from 'kysely'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ACTIONS, ACTIONS_SHA256, DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import { ImpressionSource, ImpressionSurface } from '../../../src/gen/events.ts'
import { trustPostId, trustUserId } from '../../../src/ids.ts'
import { createViewerStore } from '../../../src/store/create-viewer-store.ts'
import { HOUR_MS } from '../../../src/store/training-log/log-hour.ts'
import { describeEngines } from '../../postgres.ts'
import { action, filesOf, HOUR_START_MS, impression, readParquet } from './training-log-fixtures.ts'
import { TrainingLogWorld } from './training-log-world.ts'

const LIKE = 0
const REPLY = 1
const DWELL_TIME = 18
const SECOND_MS = 1_000
const AT = HOUR_START_MS + 60 * SECOND_MS

describeEngines('rows of the training log', (engine) => {
  let world: TrainingLogWorld

  beforeAll(async () => {
    world = await TrainingLogWorld.open(engine)
  })
  beforeEach(() => world.begin())
  afterEach(() => world.end())
  afterAll(() => world.close())

  it('has a row an impression, with all that the event says, typed and versioned', async () => {
    const shown = impression({
      atMs: AT,
      postId: 9_223_372_036_854_775_807n,
      judgedPostId: 50n,
      judgedAuthorId: 9n,
      judgedCreatedAtMs: BigInt(AT - HOUR_MS),
      position: 3,
      surface: ImpressionSurface.IMPRESSION_SURFACE_SEARCH,
      source: ImpressionSource.IMPRESSION_SOURCE_EXPLORED,
      propensity: 0.25,
      modelVersion: 'm1',
      weightsVersion: 'w1',
      rankedAtMs: BigInt(AT - SECOND_MS),
      dwellMs: 700n,
    })
    await world.logAll(shown)
    const [file = ''] = filesOf(world.directory, 'impressions')
    expect(file).toMatch(/^hour=2026-11-26T02\/part-[0-9a-f]{8}-0000\.parquet$/)
    const { metadata, types, rows } = readParquet(join(world.directory, 'impressions', file))
    expect(metadata).toEqual({
      'homefeed.training_log.version': '1',
      'homefeed.training_log.kind': 'impressions',
      'homefeed.training_log.final': 'true',
      'homefeed.actions_sha256': ACTIONS_SHA256,
    })
    const outcomes = ACTIONS.slice(0, DISCRETE_ACTION_COUNT).map(({ name }) => name)
    expect(types).toEqual({
      request_id: 'string',
      viewer_id: 'int64',
      post_id: 'int64',
      author_id: 'int64',
      shown_post_id: 'int64',
      position: 'int32',
      surface: 'string',
      impressed_at: 'timestamp[ms, tz=UTC]',
      ranked_at: 'timestamp[ms, tz=UTC]',
      post_created_at: 'timestamp[ms, tz=UTC]',
      source: 'string',
      propensity: 'double',
      model_version: 'string',
      weights_version: 'string',
      ...Object.fromEntries(outcomes.map((name) => [name, 'uint8'])),
      dwell_ms: 'int32',
    })
    expect(rows).toEqual([
      {
        request_id: 'r1',
        viewer_id: '7',
        post_id: '50',
        author_id: '9',
        shown_post_id: '9223372036854775807',
        position: 3,
        surface: 'search',
        impressed_at: AT,
        ranked_at: AT - SECOND_MS,
        post_created_at: AT - HOUR_MS,
        source: 'explored',
        propensity: 0.25,
        model_version: 'm1',
        weights_version: 'w1',
        ...Object.fromEntries(outcomes.map((name) => [name, 0])),
        dwell_ms: 700,
      },
    ])
  })

  it('asks the served page for what the event leaves out, and the post for the rest', async () => {
    const page = {
      viewerId: trustUserId('7'),
      servedAtMs: AT - SECOND_MS,
      requestedAtMs: null,
      surface: 'following' as const,
      posts: [
        {
          postId: trustPostId('60'),
          originalPostId: trustPostId('50'),
          authorId: trustUserId('9'),
          createdAtMs: AT - 5 * HOUR_MS,
          requestId: 'r1',
          rankedAtMs: AT - 2 * SECOND_MS,
          slatePosition: 4,
          source: 'in_network' as const,
          propensity: 1,
          modelVersion: 'm2',
          weightsVersion: 'w2',
        },
      ],
    }
    await createViewerStore(world.database).recordServed(page)
    await sql`insert into posts
        (id, author_id, created_at_ms, text, subscribers_only, sensitive)
      values (51, 8, ${AT - HOUR_MS}, '', false, false)`.execute(world.database.kysely)
    await world.logAll(
      impression({ atMs: AT, postId: 60n, position: 4 }),
      // Another system, which has no token.
      impression({ atMs: AT + 1, postId: 60n, requestId: '' }),
      impression({ atMs: AT + 2, postId: 51n, requestId: 'elsewhere' }),
      // The seam of two rankings: the client knows the newer alone.
      impression({ atMs: AT + 3, postId: 60n, requestId: 'newer', position: 4 }),
    )
    const known = {
      request_id: 'r1',
      post_id: '50',
      author_id: '9',
      shown_post_id: '60',
      position: 4,
      surface: 'following',
      ranked_at: AT - 2 * SECOND_MS,
      post_created_at: AT - 5 * HOUR_MS,
      source: 'in_network',
      propensity: 1,
      model_version: 'm2',
      weights_version: 'w2',
    }
    expect(world.impressions()[0]).toMatchObject(known)
    expect(world.impressions()[1]).toMatchObject(known)
    expect(world.impressions()[2]).toMatchObject({
      post_id: '51',
      author_id: '8',
      post_created_at: AT - HOUR_MS,
      source: null,
      propensity: null,
      ranked_at: null,
    })
    expect(world.impressions()[3]).toMatchObject({ ...known, request_id: 'newer' })
  })

  it('takes actions with a token for that impression, others for the newest before', async () => {
    await world.logAll(
      // It comes before its impression.
      action(REPLY, { atMs: AT + 9 * SECOND_MS, requestId: 'r1', position: 2 }),
      impression({ atMs: AT, position: 2 }),
      impression({ atMs: AT + 10 * SECOND_MS, requestId: 'r2', position: 5 }),
      impression({ atMs: AT, requestId: 'r1', position: 3, postId: 51n }),
      action(LIKE, { atMs: AT + 20 * SECOND_MS }),
      action(DWELL_TIME, { atMs: AT + 5 * SECOND_MS, dwellMs: 2_500n }),
      // Nobody's: another viewer, another post, before every impression, after the window.
      action(LIKE, { atMs: AT + 3 * SECOND_MS, viewerId: 8n }),
      action(LIKE, { atMs: AT + 3 * SECOND_MS, postId: 52n }),
      action(LIKE, { atMs: AT - 1, postId: 51n }),
      action(REPLY, { atMs: AT + 3 * SECOND_MS, requestId: 'r1', position: 9 }),
    )
    const brief = world
      .impressions()
      .map(({ request_id, position, favorite, reply, dwell_ms }) =>
        [request_id, position, favorite, reply, dwell_ms].join(' '),
      )
    expect(brief).toEqual(['r1 2 0 1 2500', 'r1 3 0 0 ', 'r2 5 1 0 '])
  })

  it('counts what stands at the end of 24 hours', async () => {
    world.nowMs = AT + 25 * HOUR_MS
    await world.logAll(
      impression({ atMs: AT }),
      action(LIKE, { atMs: AT + 1 }),
      action(LIKE, { atMs: AT + 2, active: false }),
      action(REPLY, { atMs: AT + 1, active: false }),
      action(REPLY, { atMs: AT + 24 * HOUR_MS - 1 }),
      action(2, { atMs: AT + 24 * HOUR_MS }),
    )
    expect(world.impressions()).toMatchObject([{ favorite: 0, reply: 1, repost: 0 }])
  })
})
