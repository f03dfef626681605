import type { ModuleStore } from '../../../store/module-store.ts'
import { WHO_TO_FOLLOW } from '../feed-item.ts'
import { queryHydrator } from '../for-you.components.ts'
import { takesModules } from '../for-you.query.ts'

export interface ModuleHistoryOptions {
  readonly modules: Pick<ModuleStore, 'moduleHistory'>
  readonly timeoutMs: number
  /** ms from one who-to-follow to the next; exactly as long ago is long enough. */
  readonly fatigueMs: number
  /** Suggested accounts that are left out next time; one that came twice counts twice. */
  readonly excludedMax: number
  /** One-based place of who-to-follow. A slate that begins behind it has none. */
  readonly whoToFollowPosition: number
  /** Prompts at the head of a session: behind so many places there is none. */
  readonly promptsMax: number
}

/**
 * Which modules this viewer was shown, and whether they follow anybody. Without it there are none:
 * better no module than the same one each time. Source: spec/hydrators.md, outer 1.
 */
export function moduleHistoryQueryHydrator(options: ModuleHistoryOptions) {
  const { modules, timeoutMs, fatigueMs, excludedMax, whoToFollowPosition, promptsMax } = options
  const placesEnd = Math.max(whoToFollowPosition, promptsMax)
  return queryHydrator({
    name: 'ModuleHistoryQueryHydrator',
    writes: ['whoToFollowEligible', 'suggestedIds', 'moduleServedAtMs', 'followsNobody'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { fatigueMs, excludedMax },
    enable: ({ filter, place }) => takesModules(filter) && place.firstPosition < placesEnd,
    async hydrate({ viewerId, place }, { nowMs }) {
      const history = await modules.moduleHistory(viewerId)
      const lastMs = history.servedAtMs.get(WHO_TO_FOLLOW)
      const isDue =
        lastMs === undefined || (lastMs < place.sessionStartedAtMs && nowMs - lastMs >= fatigueMs)
      return {
        whoToFollowEligible: isDue && place.firstPosition < whoToFollowPosition,
        suggestedIds: history.suggestedIds.slice(0, excludedMax),
        moduleServedAtMs: history.servedAtMs,
        followsNobody: history.followsNobody,
      }
    },
  })
}
