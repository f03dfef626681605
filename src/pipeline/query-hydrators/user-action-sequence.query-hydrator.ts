import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface UserActionSequenceOptions {
  readonly viewerStore: Pick<ViewerStore, 'actionSequence'>
  readonly actionsMax: number
  readonly timeoutMs: number
}

/** The viewer's newest actions, oldest first: the history of both models. Empty is valid. */
export function userActionSequenceQueryHydrator(options: UserActionSequenceOptions) {
  const { viewerStore, actionsMax, timeoutMs } = options
  return queryHydrator({
    name: 'UserActionSequenceQueryHydrator',
    writes: ['actionSequence'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { actionsMax },
    async hydrate({ viewerId }) {
      return { actionSequence: await viewerStore.actionSequence(viewerId, actionsMax) }
    },
  })
}
