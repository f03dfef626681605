import type { Source } from '../../framework/component.ts'
import { createFeedItem } from '../feed-item.ts'
import type { FeedItem } from '../feed-item.ts'
import type { ModuleRecheckQuery } from '../for-you.query.ts'

/** Modules that a session holds; whom they may suggest is to be judged anew. */
export function frozenModulesSource(): Source<ModuleRecheckQuery, FeedItem> {
  return {
    name: 'FrozenModulesSource',
    fetch: async ({ modules }) => modules.map(createFeedItem),
  }
}
