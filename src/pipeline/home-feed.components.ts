import { defineComponents } from './framework/define-components.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'

/** The helpers that declare the home feed's components; see `framework/define-components.ts`. */
export const { queryHydrator, source, hydrator, filter, scorer, selector, sideEffect } =
  defineComponents<HomeFeedQuery, PostCandidate>()
