import type { Id, Ms, NullableMs } from './column-types.ts'

/** A post that a page returned. */
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
