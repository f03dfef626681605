import { defineComponents } from '../framework/define-components.ts'
import type { FeedItem } from './feed-item.ts'
import type { ForYouQuery } from './for-you.query.ts'

/** Helpers that declare the outer pipeline's components; see `framework/define-components.ts`. */
export const { queryHydrator, source, hydrator, filter, selector } = defineComponents<
  ForYouQuery,
  FeedItem
>()
