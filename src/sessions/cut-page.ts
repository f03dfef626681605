import type { PostId } from '../ids.ts'
import { moduleIdOf } from '../pipeline/blending/feed-item.ts'
import type { FeedModule } from '../pipeline/blending/feed-item.ts'
import type { RecheckedModules } from '../pipeline/blending/for-you-feed.ts'
import { mergeDegradation } from '../pipeline/degradation.ts'
import type { DegradationReport } from '../pipeline/degradation.ts'
import { shownVerdictOf } from '../pipeline/home-feed.candidate.ts'
import type { PostCandidate, VisibilityVerdict } from '../pipeline/home-feed.candidate.ts'
import type { RecheckedFeed } from '../pipeline/home-feed.ts'
import type { FeedSession, ModuleEntry, SessionEntry, SlateEntry } from './feed-session.ts'

export interface CutRequest {
  readonly session: FeedSession
  readonly fromPosition: number
  readonly first: number
  /** This very request ranked the slate, so that it was judged a moment ago. */
  readonly rankedNow: boolean
  readonly alsoSeenPostIds: ReadonlySet<PostId>
  /** Those that the viewer may still see. */
  recheck(candidates: readonly PostCandidate[]): Promise<RecheckedFeed>
  /** What of modules may still be shown. */
  recheckModules(modules: readonly FeedModule[]): Promise<RecheckedModules>
  /** Ranks again and lengthens `session.entries`. */
  extend(): Promise<void>
}

export interface PickedPost {
  readonly kind: 'post'
  readonly entry: SlateEntry
  readonly position: number
  /** Of now. */
  readonly verdict: VisibilityVerdict
}

export interface PickedModule {
  readonly kind: 'module'
  /** The id under which it was frozen, whatever of it is left. */
  readonly id: string
  /** Of now. */
  readonly module: FeedModule
  readonly position: number
}

export type PickedEntry = PickedPost | PickedModule

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
    const [verdicts, modules] = await Promise.all([
      judge(request, slice.filter(isPost), { judged, reports }),
      judgeModules(request, slice.filter(isModule), { judged, reports }),
    ])
    for (const [offset, entry] of slice.entries()) {
      const position = session.firstPosition + index + offset
      if (entry.kind === 'module') {
        const id = moduleIdOf(entry.module)
        const module = modules.get(id)
        if (module !== undefined) picked.push({ kind: 'module', id, module, position })
        continue
      }
      const verdict = verdicts.get(entry.candidate.id)
      if (verdict !== undefined) picked.push({ kind: 'post', entry, position, verdict })
    }
    index += slice.length
  }
  return {
    picked,
    nextPosition: session.firstPosition + index,
    hasMore: index < session.entries.length || !session.exhausted,
    ...mergeDegradation([session.ranking, ...reports]),
  }
}

function isPost(entry: SessionEntry): entry is SlateEntry {
  return entry.kind === 'post'
}

function isModule(entry: SessionEntry): entry is ModuleEntry {
  return entry.kind === 'module'
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

/** Those that may be shown now, with what of them may. */
async function judgeModules(
  { recheckModules }: CutRequest,
  entries: readonly ModuleEntry[],
  { judged, reports }: Judgement,
): Promise<ReadonlyMap<string, FeedModule>> {
  const modules = new Map<string, FeedModule>()
  const older: FeedModule[] = []
  for (const { module, requestId } of entries) {
    if (judged.has(requestId)) modules.set(moduleIdOf(module), module)
    else older.push(module)
  }
  if (older.length === 0) return modules
  const rechecked = await recheckModules(older)
  reports.push(rechecked)
  return new Map([...modules, ...rechecked.moduleById])
}
