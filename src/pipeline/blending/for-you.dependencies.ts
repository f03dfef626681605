import type { HomeFeedDependencies } from '../home-feed.dependencies.ts'
import type { PromotedPosts } from './promoted/promoted-posts.ts'

/** All that the outer pipeline asks, beside the ranking that each query brings. */
export interface ForYouDependencies extends Pick<
  HomeFeedDependencies,
  | 'viewerStore'
  | 'safetyMemory'
  | 'searchTexts'
  | 'authorLists'
  | 'budgetMs'
  | 'now'
  | 'modules'
  | 'prompts'
> {
  /** Null = nothing is promoted. */
  readonly promoted: PromotedPosts | null
}
