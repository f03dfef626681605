import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { followedIdsQueryHydrator } from './query-hydrators/followed-ids.query-hydrator.ts'
import { viewerRelationsQueryHydrator } from './query-hydrators/viewer-relations.query-hydrator.ts'
import { withLastKnownGood } from './query-hydrators/with-last-known-good.ts'

/** The viewer's graph, each part with its last known good behind it. */
export function createSafetyQueryHydrators(
  dependencies: Pick<HomeFeedDependencies, 'viewerStore' | 'safetyMemory' | 'now'>,
  timeoutMs: number,
) {
  const { viewerStore, safetyMemory, now } = dependencies
  return {
    followedIds: withLastKnownGood(followedIdsQueryHydrator({ viewerStore, timeoutMs }), {
      memory: safetyMemory.follows,
      timeoutMs,
      now,
    }),
    viewerRelations: withLastKnownGood(viewerRelationsQueryHydrator({ viewerStore, timeoutMs }), {
      memory: safetyMemory.relations,
      timeoutMs,
      now,
    }),
  }
}
