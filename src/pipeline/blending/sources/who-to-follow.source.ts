import type { ModuleStore, SuggestionBounds } from '../../../store/module-store.ts'
import { createFeedItem } from '../feed-item.ts'
import { source } from '../for-you.components.ts'

export interface WhoToFollowOptions {
  readonly modules: Pick<ModuleStore, 'suggestedAccounts'>
  readonly timeoutMs: number
  readonly bounds: SuggestionBounds
  /** ms of likes that count. */
  readonly windowMs: number
  /** Accounts offered to the judgement behind it, which takes some out. */
  readonly offeredMax: number
}

/**
 * Accounts that many connect with the viewer: friends of friends, and whom those like who follow
 * the authors that the viewer likes. At most one module; none without connections. What it read of
 * the accounts is left with the request's loaders, so that nobody reads it again.
 */
export function whoToFollowSource(options: WhoToFollowOptions) {
  const { modules, timeoutMs, bounds, windowMs, offeredMax } = options
  return source({
    name: 'WhoToFollowSource',
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { windowMs, offeredMax, ...bounds },
    enable: ({ whoToFollowEligible }) => whoToFollowEligible === true,
    async fetch({ viewerId, suggestedIds = [], loaders }, { nowMs }) {
      const suggested = await modules.suggestedAccounts({
        ...bounds,
        viewerId,
        nowMs,
        windowMs,
        excludedIds: suggestedIds,
        accountsMax: offeredMax,
      })
      if (suggested.length === 0) return []
      for (const { account, labels } of suggested) {
        loaders.users.prime(account.id, account)
        loaders.userLabels.prime(account.id, labels)
      }
      const userIds = suggested.map(({ account }) => account.id)
      return [createFeedItem({ kind: 'who-to-follow', userIds })]
    },
  })
}
