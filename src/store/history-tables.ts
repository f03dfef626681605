import type { Id, Ms, NullableMs } from './column-types.ts'

/** What is remembered of viewers' visits, by the conventions of `tables.ts`. */
export interface HistoryTables {
  served: ServedTable
  served_modules: ServedModulesTable
  seen_generations: SeenGenerationsTable
  viewer_requests: ViewerRequestsTable
  author_served: AuthorServedTable
}

export interface ServedTable {
  viewer_id: Id
  request_id: string
  position: number
  post_id: Id
  original_post_id: Id
  served_at_ms: Ms
  /** Of the original. Null, here and below: written by an earlier release. */
  author_id: Id | null
  post_created_at_ms: NullableMs
  ranked_at_ms: NullableMs
  slate_position: number | null
  surface: string | null
  source: string | null
  propensity: number | null
  model_version: string | null
  weights_version: string | null
}

/** A module that a page returned between its posts. */
export interface ServedModulesTable {
  viewer_id: Id
  served_at_ms: Ms
  /** `who-to-follow`, `prompt:welcome`. */
  module: string
  /** Accounts that it suggested. */
  user_ids: Id[]
}

/** Bloom filters of what a viewer has seen; the newest generation takes posts. */
export interface SeenGenerationsTable {
  viewer_id: Id
  generation: number
  words: Buffer
  size_cap: number
  false_positive_rate: number
  /** Posts that it took. */
  items: number
  written_at_ms: Ms
  /** When the earliest and the latest of them was seen. */
  first_at_ms: Ms
  last_at_ms: Ms
}

export interface ViewerRequestsTable {
  viewer_id: Id
  /** The newest visits, newest first. */
  times_ms: string[]
}

/** Posts served, by their original's author and UTC day. */
export interface AuthorServedTable {
  /** Days since 1970. */
  day: number
  author_id: Id
  served: string
  /** Of them, to viewers who do not follow the author or reposter. */
  out_of_network: string
}
