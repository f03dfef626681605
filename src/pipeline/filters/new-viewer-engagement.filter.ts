import type { EngagementCounts } from '../../store/records.ts'
import { filter } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import { accountAgeMsOf } from '../new-viewer.ts'

export interface NewViewerEngagementOptions {
  readonly isOn: boolean
  /** ms; younger accounts are new. */
  readonly accountAgeMsMax: number
  /** ms; who came back less long ago counts as new. */
  readonly resurrectionAgeMsMax: number
  /** `fav`: likes. `engagement`: likes, replies, reposts and quotes. `view`: views. */
  readonly metric: string
  /** Whether the metric is divided by the views; `view` never is. */
  readonly usesRatio: boolean
  readonly threshold: number
}

/** Views where somebody counts them. */
type Counts = EngagementCounts & { readonly views?: number | null }

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
      const measure = (counts: Counts | null | undefined) => measureOf(counts, options)
      const isJudged =
        isNew(query, nowMs, options) &&
        candidates.some(({ engagementCounts }) => measure(engagementCounts) !== null)
      if (!isJudged) return () => true
      return ({ engagementCounts, inNetwork }) => {
        if (inNetwork !== false) return true
        const value = measure(engagementCounts)
        if (value === null) return 'engagement not known'
        return value >= threshold || 'too little engagement for a new viewer'
      }
    },
  })
}

function isNew(
  { viewerAccount, resurrectedAtMs }: Pick<HomeFeedQuery, 'viewerAccount' | 'resurrectedAtMs'>,
  nowMs: number,
  { accountAgeMsMax, resurrectionAgeMsMax }: NewViewerEngagementOptions,
): boolean {
  const ageMs = accountAgeMsOf(viewerAccount, nowMs)
  if (ageMs !== null && ageMs < accountAgeMsMax) return true
  const backMs = resurrectedAtMs === null ? -1 : nowMs - resurrectedAtMs
  return backMs >= 0 && backMs < resurrectionAgeMsMax
}

/** Null = not known. */
function measureOf(
  counts: Counts | null | undefined,
  { metric, usesRatio }: NewViewerEngagementOptions,
): number | null {
  if (counts == null) return null
  const views = counts.views ?? null
  if (metric === 'view') return views
  const { likes, replies, reposts, quotes } = counts
  const value = metric === 'fav' ? likes : likes + replies + reposts + quotes
  if (!usesRatio) return value
  return views === null || views === 0 ? null : value / views
}
