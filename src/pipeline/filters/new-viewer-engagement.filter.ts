import type { EngagementCounts } from '../../store/records.ts'
import { filter } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { accountAgeMsOf } from '../new-viewer.ts'

export interface NewViewerEngagementOptions {
  readonly isOn: boolean
  /** ms; younger accounts are new. */
  readonly accountAgeMsMax: number
  /** How long a viewer was away who counts as back. */
  readonly absenceMsMin: number
  /** ms; who came back less long ago counts as new. */
  readonly resurrectionAgeMsMax: number
  /** `fav`: likes. `engagement`: likes, replies, reposts and quotes. `view`: views. */
  readonly metric: string
  /** Whether the metric is divided by the views; `view` never is. */
  readonly usesRatio: boolean
  readonly threshold: number
}

/**
 * Shows viewers who are new, or back after long, no stranger's post that others passed over. Where
 * no post of the request has the metric, its counter is out of reach, and all are kept. Off by
 * default. Source: spec/filters.md 5.
 */
export function newViewerEngagementFilter(options: NewViewerEngagementOptions) {
  const { isOn, threshold } = options
  return filter({
    name: 'NewViewerEngagementFilter',
    reads: ['engagementCounts', 'inNetwork'],
    params: { ...options },
    enable: () => isOn,
    keep: (query, candidates, { nowMs }) => {
      const measure = (counts: EngagementCounts | null | undefined) => measureOf(counts, options)
      const isJudged =
        isNew(query, nowMs, options) &&
        candidates.some(({ engagementCounts }) => measure(engagementCounts) !== null)
      if (!isJudged) return () => true
      return ({ engagementCounts, inNetwork }) => {
        if (inNetwork !== false) return true
        const value = measure(engagementCounts)
        return value === null || value >= threshold || 'too little engagement for a new viewer'
      }
    },
  })
}

function isNew(
  query: Pick<HomeFeedQuery, 'viewerAccount' | 'pastRequestTimesMs'>,
  nowMs: number,
  { accountAgeMsMax, absenceMsMin, resurrectionAgeMsMax }: NewViewerEngagementOptions,
): boolean {
  const ageMs = accountAgeMsOf(query.viewerAccount, nowMs)
  if (ageMs !== null && ageMs < accountAgeMsMax) return true
  const returnedAtMs = returnAfterAbsence(query.pastRequestTimesMs ?? [], nowMs, absenceMsMin)
  return returnedAtMs !== null && nowMs - returnedAtMs < resurrectionAgeMsMax
}

/** The first visit after the last long absence; null = there was none. `timesMs`: newest first. */
function returnAfterAbsence(
  timesMs: readonly number[],
  nowMs: number,
  absenceMsMin: number,
): number | null {
  let visitMs = nowMs
  for (const earlierMs of timesMs) {
    if (visitMs - earlierMs >= absenceMsMin) return visitMs
    visitMs = Math.min(visitMs, earlierMs)
  }
  return null
}

/** Null = not known. */
function measureOf(
  counts: EngagementCounts | null | undefined,
  { metric, usesRatio }: NewViewerEngagementOptions,
): number | null {
  if (counts == null) return null
  const { likes, replies, reposts, quotes, views } = counts
  if (metric === 'view') return views
  const value = metric === 'fav' ? likes : likes + replies + reposts + quotes
  if (!usesRatio) return value
  return views === 0 ? null : value / views
}
