import { expect, it } from 'vitest'
import { formatRequest, formatRequestLine } from '../../../src/store/request-log/format-request.ts'
import { loggedCandidate, loggedRequest } from './logged-request-fixture.ts'

const request = loggedRequest('a', {
  candidates: [
    loggedCandidate(100),
    loggedCandidate(101, {
      position: 1,
      coldStartScore: 0.6,
      propensity: 0.123_456,
      sources: ['thunder', 'popular-now'],
      probabilities: [0.1, 0.2, 0.3, 0.4],
      dwellSeconds: null,
    }),
    loggedCandidate(102, {
      position: null,
      probabilities: null,
      scoredBy: 'fallback',
      score: null,
    }),
  ],
  leftOut: 5,
})

it('names a request in a line', () => {
  expect(formatRequestLine(request)).toMatchInlineSnapshot(
    `"2023-11-14T22:13:20.000Z  a  viewer 1  2 of 8 ranked, 1 removed  model-1"`,
  )
  expect(formatRequestLine(loggedRequest('b', { modelVersion: null }))).toContain('no model')
})

it('shows who asked, the first posts and what fell out', () => {
  expect(formatRequest(request, 2)).toMatchInlineSnapshot(`
    "2023-11-14T22:13:20.000Z  a  viewer 1  2 of 8 ranked, 1 removed  model-1
    asked     slate 50, filter excludeVideos, country de
    known     history 12, follows unknown, 1 served in this session
    settings  abababababababab, weights weights-1, arms none

       0  100                      0.25  thunder  favorite 0.5 reply 0.25 dwell 2.5 s
          weighted 0.4, diversity 0.625, network 1, window 0
       1  101                      0.25  thunder+popular-now  photo_expand 0.4 repost 0.3 reply 0.2
          weighted 0.4, lifted 0.6, diversity 0.625, network 1, window 0, propensity 0.1235
    and 6 more

    AgeFilter removed 1 (too old)"
  `)
})

it('shows what is not known as that', () => {
  const bare = loggedRequest('b', {
    asked: {
      ...request.asked,
      filter: {},
      countryCode: null,
      historyLength: null,
      followsCount: 3,
    },
    settings: { ...request.settings, arms: ['weights:b'] },
    candidates: request.candidates.slice(2),
    removed: [{ filter: 'SelfPostFilter', detail: null, postIds: [] }],
  })
  expect(formatRequest(bare, 20)).toMatchInlineSnapshot(`
    "2023-11-14T22:13:20.000Z  b  viewer 1  0 of 1 ranked, 0 removed  model-1
    asked     slate 50, filter none, country not given
    known     history unknown, follows 3, 1 served in this session
    settings  abababababababab, weights weights-1, arms weights:b

       -  102                         -  thunder  fallback
          weighted 0.4, diversity 0.625, network 1, window 0

    SelfPostFilter removed 0"
  `)
})
