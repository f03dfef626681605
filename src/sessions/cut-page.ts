import type { PostId } from '../ids.ts'
import { DEGRADATIONS } from '../pipeline/degradation.ts'
import type { DegradationReport } from '../pipeline/degradation.ts'
import { shownVerdictOf } from '../pipeline/home-feed.candidate.ts'
import type { PostCandidate, VisibilityVerdict } from '../pipeline/home-feed.candidate.ts'
import type { RecheckedFeed } from '../pipeline/home-feed.ts'
import type { FeedSession, SlateEntry } from './feed-session.ts'

export interface CutRequest {
  readonly session: FeedSession
  readonly fromPosition: number
  readonly first: number
  /** This very request ranked the slate, so that it was judged a moment ago. */
  readonly rankedNow: boolean
  readonly alsoSeenPostIds: ReadonlySet<PostId>
  /** Those that the viewer may still see. */
  recheck(candidates: readonly PostCandidate[]): Promise<RecheckedFeed>
  /** Ranks again and lengthens `session.entries`. */
  extend(): Promise<void>
}

export interface PickedEntry {
  readonly entry: SlateEntry
  readonly position: number
  /** Of now. */
  readonly verdict: VisibilityVerdict
}

/** Degradation of the ranking and of the checks together. */
export interface CutPage extends DegradationReport {
  readonly picked: readonly PickedEntry[]
  /** Everything below it was looked at. */
  readonly nextPosition: number
  readonly hasMore: boolean
}

/**
 * Walks the slate from a position until the page is full. Posts that were deleted, blocked or muted
 * since they were ranked are passed over, the next ones move up; when the slate ends first, it is
 * ranked on once.
 */
export async function cutPage(request: CutRequest): Promise<CutPage> {
  const { session, first } = request
  const picked: PickedEntry[] = []
  const reports: DegradationReport[] = []
  const judged = new Set(request.rankedNow ? [session.ranking.requestId] : [])
  let index = request.fromPosition - session.firstPosition
  let hasExtended = false
  while (picked.length < first) {
    if (index >= session.entries.length) {
      if (session.exhausted || hasExtended) break
      hasExtended = true
      await request.extend()
      judged.add(session.ranking.requestId)
      continue
    }
    const slice = session.entries.slice(index, index + first - picked.length)
    const verdicts = await judge(request, slice, { judged, reports })
    for (const [offset, entry] of slice.entries()) {
      const verdict = verdicts.get(entry.candidate.id)
      const position = session.firstPosition + index + offset
      if (verdict !== undefined) picked.push({ entry, position, verdict })
    }
    index += slice.length
  }
  return {
    picked,
    nextPosition: session.firstPosition + index,
    hasMore: index < session.entries.length || !session.exhausted,
    ...mergeReports([session.ranking, ...reports]),
  }
}

interface Judgement {
  /** Rankings that are part of this request. */
  readonly judged: ReadonlySet<string>
  readonly reports: DegradationReport[]
}

/** Verdicts of those that may be shown now. */
async function judge(
  { alsoSeenPostIds, recheck }: CutRequest,
  slice: readonly SlateEntry[],
  { judged, reports }: Judgement,
): Promise<ReadonlyMap<PostId, VisibilityVerdict>> {
  const unseen = slice.filter(
    ({ candidate, originalPostId }) =>
      !alsoSeenPostIds.has(candidate.id) && !alsoSeenPostIds.has(originalPostId),
  )
  const verdicts = new Map<PostId, VisibilityVerdict>()
  const older: PostCandidate[] = []
  for (const { candidate, requestId, verdict } of unseen) {
    if (!judged.has(requestId)) older.push(candidate)
    else if (verdict !== undefined) verdicts.set(candidate.id, verdict)
  }
  if (older.length === 0) return verdicts
  const rechecked = await recheck(older)
  reports.push(rechecked)
  for (const candidate of rechecked.candidates) {
    const verdict = shownVerdictOf(candidate)
    if (verdict !== undefined) verdicts.set(candidate.id, verdict)
  }
  return verdicts
}

function mergeReports(reports: readonly DegradationReport[]): DegradationReport {
  const flags = new Set(reports.flatMap(({ degradation }) => degradation))
  const dependencies = new Set(reports.flatMap((report) => report.degradedDependencies))
  return {
    degradation: DEGRADATIONS.filter((flag) => flags.has(flag)),
    degradedDependencies: [...dependencies].toSorted(),
  }
}
