import { describe, expect, it } from 'vitest'
import type { PostCandidate } from '../../../src/pipeline/home-feed.candidate.ts'
import { HOME_FEED_PARAMS } from '../../../src/pipeline/home-feed.params.ts'
import { requestLogSideEffect } from '../../../src/pipeline/side-effects/request-log.side-effect.ts'
import { toServedPost, toSlateEntry } from '../../../src/sessions/slate-entry.ts'
import type { LoggedRequest } from '../../../src/store/request-log/logged-request.ts'
import {
  candidate,
  filledQuery,
  NOW_MS,
  post,
  postIds,
  repost,
  stageContext,
  userIds,
} from '../home-feed-fixtures.ts'
import { row } from '../score-fixtures.ts'

const SETTINGS = { digest: 'digest', weightsVersion: 'weights-1', arms: ['cold-start:wide'] }

function createSetting(
  more: { sampleRate?: number; candidatesMax?: number; broken?: boolean } = {},
) {
  const { sampleRate = 1, candidatesMax = 10, broken = false } = more
  const written: LoggedRequest[] = []
  const sideEffect = requestLogSideEffect({
    sampleRate,
    candidatesMax,
    weightsVersion: SETTINGS.weightsVersion,
    log: {
      write: async (request) => {
        if (broken) throw new Error('the disk is full')
        written.push(request)
      },
    },
  })
  return { sideEffect, written }
}

const carried = repost(101, 11, post(90, 9))
const scored = candidate(carried, {
  sources: ['thunder', 'phoenix-retrieval'],
  similarity: 0.5,
  inNetwork: true,
  probabilities: row({ favorite: 0.1, reply: 0.25 }),
  dwellSeconds: 3,
  modelVersion: 'model-1',
  weightedScore: 0.4,
  coldStartScore: 0.6,
  propensity: 0.25,
  diversityFactor: 0.5,
  outOfNetworkFactor: 0.75,
  slateWindow: 1,
  score: 0.225,
  scoredBy: 'phoenix',
})

async function log(
  parts: {
    selected?: readonly PostCandidate[]
    nonSelected?: readonly PostCandidate[]
    candidatesMax?: number
  } = {},
) {
  const { selected = [scored], nonSelected = [], candidatesMax = 10 } = parts
  const { sideEffect, written } = createSetting({ candidatesMax })
  const removedBy = (id: number, filter: string, detail: string | null) =>
    ({ candidate: candidate(post(id, 9)), stage: 'filter', filter, detail }) as const
  const query = filledQuery({
    arms: SETTINGS.arms,
    settingsDigest: SETTINGS.digest,
    countryCode: 'de',
    alsoSeenPostIds: postIds(1),
    sessionServedPostIds: postIds(2, 3),
    followedIds: userIds(10, 11),
  })
  const removed = [
    removedBy(80, 'AgeFilter', null),
    removedBy(81, 'VisibilityFilter', 'spam'),
    removedBy(82, 'AgeFilter', null),
    removedBy(83, 'VisibilityFilter', 'gore'),
  ]
  await sideEffect.run({ query, selected, nonSelected, removed }, stageContext().context)
  expect(written).toHaveLength(1)
  return written[0] as LoggedRequest
}

describe('what is written', () => {
  it('says what was asked, with what, and what fell out', async () => {
    expect(await log()).toMatchObject({
      version: 1,
      requestId: 'request',
      viewerId: '1',
      rankedAtMs: NOW_MS,
      settings: SETTINGS,
      modelVersion: 'model-1',
      asked: {
        filter: { excludeVideos: false, inNetworkOnly: false },
        countryCode: 'de',
        slateSize: 50,
        alsoSeenPostIds: ['1'],
        sessionServedPostIds: ['2', '3'],
        historyLength: 0,
        followsCount: 2,
      },
      removed: [
        { filter: 'AgeFilter', detail: null, postIds: ['80', '82'] },
        { filter: 'VisibilityFilter', detail: 'spam', postIds: ['81'] },
        { filter: 'VisibilityFilter', detail: 'gore', postIds: ['83'] },
      ],
    })
  })

  it('has all that a score came of', async () => {
    const { candidates } = await log()
    expect(candidates).toEqual([
      {
        postId: '101',
        judgedPostId: '90',
        judgedAuthorId: '9',
        createdAtMs: carried.createdAtMs,
        sources: ['thunder', 'phoenix-retrieval'],
        similarity: 0.5,
        inNetwork: true,
        probabilities: [0.100_000_001, 0.25, ...Array.from({ length: 16 }, () => null)],
        dwellSeconds: 3,
        scoredBy: 'phoenix',
        weightedScore: 0.4,
        coldStartScore: 0.6,
        diversityFactor: 0.5,
        outOfNetworkFactor: 0.75,
        slateWindow: 1,
        score: 0.225,
        propensity: 0.25,
        position: 0,
      },
    ])
  })

  it('says every probability to the bit, over JSON too', async () => {
    const values = Float32Array.from({ length: 18 }, (_, index) => Math.sin(index + 1) ** 2)
    const { candidates } = await log({ selected: [{ ...scored, probabilities: values }] })
    const read = JSON.parse(JSON.stringify(candidates[0]?.probabilities)) as number[]
    expect(Float32Array.from(read)).toEqual(values)
  })

  it('says of what is not known that it is not', async () => {
    const bare = { ...candidate(post(100, 10)), inNetwork: undefined }
    const { candidates, modelVersion } = await log({ selected: [bare] })
    expect(modelVersion).toBeNull()
    expect(candidates[0]).toMatchObject({
      inNetwork: null,
      probabilities: null,
      dwellSeconds: null,
      scoredBy: null,
      weightedScore: null,
      coldStartScore: null,
      score: null,
      propensity: 1,
    })
  })

  it('keeps the slate whole, and of the rest what there is room for', async () => {
    const list = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => candidate(post(from + index, 10)))
    const placesOf = ({ candidates }: LoggedRequest) =>
      candidates.map(({ postId, position }) => `${postId} ${position}`)
    const some = await log({ selected: list(1, 2), nonSelected: list(5, 3), candidatesMax: 3 })
    expect(placesOf(some)).toEqual(['1 0', '2 1', '5 null'])
    expect(some.leftOut).toBe(2)
    const none = await log({ selected: list(1, 2), nonSelected: list(5, 3), candidatesMax: 1 })
    expect(placesOf(none)).toEqual(['1 0', '2 1'])
    expect(none.leftOut).toBe(3)
  })

  it('agrees with what a session says was served', async () => {
    const { candidates } = await log()
    const ranking = {
      requestId: 'request',
      rankedAtMs: NOW_MS,
      weightsVersion: 'weights-1',
      params: HOME_FEED_PARAMS,
    }
    const verdict = { action: 'allow', rule: null, labels: [] } as const
    const served = toServedPost({
      kind: 'post',
      entry: toSlateEntry(scored, ranking),
      position: 0,
      verdict,
    })
    expect(candidates[0]).toMatchObject({
      postId: served.postId,
      judgedPostId: served.originalPostId,
      judgedAuthorId: served.authorId,
      propensity: served.propensity,
      position: served.slatePosition,
    })
  })
})

describe('the sample', () => {
  const countOf = (sampleRate: number) => {
    const { sideEffect } = createSetting({ sampleRate })
    return Array.from({ length: 2_000 }, (_, id) => `request-${id}`).filter((requestId) =>
      sideEffect.enable?.({ ...filledQuery(), requestId }),
    ).length
  }

  it('holds its share of requests, none at 0 and all at 1', () => {
    expect(countOf(0)).toBe(0)
    expect(countOf(1)).toBe(2_000)
    // Standard deviation: 10.
    expect(Math.abs(countOf(0.05) - 100)).toBeLessThan(50)
  })

  it('is decided by the request alone', () => {
    const decide = () => createSetting({ sampleRate: 0.5 }).sideEffect.enable?.(filledQuery())
    expect(decide()).toBe(decide())
  })
})

it('fails when the log cannot be written, which the runner counts', async () => {
  const { sideEffect } = createSetting({ broken: true })
  const input = { query: filledQuery(), selected: [], nonSelected: [], removed: [] }
  await expect(sideEffect.run(input, stageContext().context)).rejects.toThrow('the disk is full')
})
