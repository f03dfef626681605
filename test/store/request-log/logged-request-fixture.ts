import { trustPostId, trustUserId } from '../../../src/ids.ts'
import type {
  LoggedCandidate,
  LoggedRequest,
} from '../../../src/store/request-log/logged-request.ts'

export function loggedCandidate(id: number, more: Partial<LoggedCandidate> = {}): LoggedCandidate {
  return {
    postId: trustPostId(String(id)),
    judgedPostId: trustPostId(String(id)),
    judgedAuthorId: trustUserId('10'),
    createdAtMs: 1_700_000_000_000,
    sources: ['thunder'],
    similarity: null,
    inNetwork: true,
    probabilities: [0.5, 0.25, null],
    dwellSeconds: 2.5,
    scoredBy: 'phoenix',
    weightedScore: 0.4,
    coldStartScore: null,
    diversityFactor: 0.625,
    outOfNetworkFactor: 1,
    slateWindow: 0,
    score: 0.25,
    propensity: 1,
    position: 0,
    ...more,
  }
}

export function loggedRequest(requestId: string, more: Partial<LoggedRequest> = {}): LoggedRequest {
  return {
    version: 1,
    requestId,
    viewerId: trustUserId('1'),
    rankedAtMs: 1_700_000_000_000,
    settings: { digest: 'ab'.repeat(32), weightsVersion: 'weights-1', arms: [] },
    modelVersion: 'model-1',
    asked: {
      filter: { excludeVideos: true, mediaOnly: false },
      countryCode: 'de',
      slateSize: 50,
      alsoSeenPostIds: [],
      sessionServedPostIds: [trustPostId('7')],
      historyLength: 12,
      followsCount: null,
    },
    candidates: [loggedCandidate(100)],
    leftOut: 0,
    removed: [{ filter: 'AgeFilter', detail: 'too old', postIds: [trustPostId('8')] }],
    ...more,
  }
}
